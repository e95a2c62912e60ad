namespace Broker.Client;

public sealed class ProcessorOptions
{
    /// <summary>Under this name the broker remembers how far the processor has come.</summary>
    public required string Group { get; set; }

    /// <summary>The choice has to be made: see <see cref="DeliveryMode"/>.</summary>
    public required DeliveryMode Delivery { get; set; }

    /// <summary>The topic to read; or set <see cref="Topics"/>.</summary>
    public string? Topic { get; set; }

    public IReadOnlyList<string> Topics { get; set; } = [];

    /// <summary>Null: every partition. Of several instances each has its own.</summary>
    public IReadOnlyList<int>? Partitions { get; set; }

    /// <summary>Where to begin in partitions of which the group has not committed an offset.</summary>
    public StartAt From { get; set; } = StartAt.Earliest;

    /// <summary>Process up to what was the end of each partition at the start, then return; otherwise follow.</summary>
    public bool StopAtEnd { get; set; }

    /// <summary>
    /// For ExactlyOnce: the name of the producer. An instance that starts under the same name stops the one before. Null: the group's,
    /// with the partitions when they are chosen.
    /// </summary>
    public string? Name { get; set; }

    /// <summary>Commit after so many records that were read, at the end of a batch, …</summary>
    public int CommitRecords { get; set; } = 20_000;

    /// <summary>… after so long, or as soon as no more is there to be read.</summary>
    public TimeSpan CommitInterval { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>How records are sent. Name and OnDelivery are the processor's business.</summary>
    public ProducerOptions Producer { get; set; } = new();

    /// <summary>How many bytes the broker may send ahead of what was handled.</summary>
    public long CreditBytes { get; set; } = 8 << 20;

    internal string ProducerName => Name ?? (Partitions is null ? Group : $"{Group}-{string.Join('.', Partitions.Order())}");

    internal void Validate()
    {
        string[] problems = [.. Problems()];
        if (problems.Length > 0)
        {
            throw new ArgumentException(string.Join(" ", problems));
        }
    }

    private IEnumerable<string> Problems()
    {
        if (string.IsNullOrEmpty(Group))
        {
            yield return "Group must name the group under which offsets are kept.";
        }

        if (!Enum.IsDefined(Delivery) || Delivery == DeliveryMode.Unspecified)
        {
            yield return "Delivery must be AtMostOnce, AtLeastOnce or ExactlyOnce: nobody else can say what a lost or repeated record costs you.";
        }

        if (CommitRecords < 1)
        {
            yield return $"CommitRecords must be positive; it is {CommitRecords}.";
        }

        if (CommitInterval < TimeSpan.Zero)
        {
            yield return $"CommitInterval must not be negative; it is {CommitInterval}.";
        }

        if (Producer.Name is not null || Producer.OnDelivery is not null)
        {
            yield return "Producer.Name and Producer.OnDelivery are the processor's business: ProcessorOptions.Name gives the name.";
        }
    }
}
