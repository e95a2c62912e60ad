namespace Broker.Client;

public sealed class ConsumerOptions
{
    /// <summary>The topic to read; or set <see cref="Topics"/>.</summary>
    public string? Topic { get; set; }

    public IReadOnlyList<string> Topics { get; set; } = [];

    /// <summary>Null: every partition, and those that are added later from their beginning.</summary>
    public IReadOnlyList<int>? Partitions { get; set; }

    public StartAt From { get; set; } = StartAt.Earliest;

    /// <summary>Where to begin in these partitions, whatever <see cref="From"/> says. Those of other topics and partitions mean nothing.</summary>
    public IReadOnlyList<TopicPartitionOffset> Offsets { get; set; } = [];

    /// <summary>Read up to what was the end of each partition when reading began, then stop; otherwise follow.</summary>
    public bool StopAtEnd { get; set; }

    /// <summary>How many bytes the broker may send ahead of what was read.</summary>
    public long CreditBytes { get; set; } = 8 << 20;

    /// <summary>Upper bound for one response; 0 leaves it to the broker. One batch comes whatever its size.</summary>
    public int MaxResponseBytes { get; set; }

    /// <summary>Whether the checksum of each batch is verified again here, after the broker has verified it.</summary>
    public bool VerifyChecksums { get; set; } = true;

    /// <summary>
    /// Null: records that are damaged on the broker's disk end reading with DATA_LOSS. Otherwise it is told of them, and reading goes
    /// on behind them; what it throws ends reading.
    /// </summary>
    public Action<DamagedOffsets>? OnDamage { get; set; }

    /// <summary>How long a lost broker is looked for before reading ends with an error.</summary>
    public TimeSpan ReconnectTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>Silence after which a stream counts as dead; the broker says something every 5 s.</summary>
    internal TimeSpan SilenceTimeout { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>How often topics are asked for partitions that were added.</summary>
    internal TimeSpan PartitionCheckInterval { get; set; } = TimeSpan.FromSeconds(30);

    internal IReadOnlyList<string> AllTopics => Topic is null ? Topics : [Topic, .. Topics];

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
        if (AllTopics.Count == 0 || AllTopics.Any(string.IsNullOrEmpty))
        {
            yield return "Topic or Topics must name at least one topic.";
        }

        if (Partitions is { Count: 0 } || (Partitions?.Any(partition => partition < 0) ?? false))
        {
            yield return "Partitions is null for all, or has at least one partition, none of them negative.";
        }

        if (CreditBytes < 1)
        {
            yield return $"CreditBytes must be positive; it is {CreditBytes}.";
        }

        if (MaxResponseBytes < 0)
        {
            yield return $"MaxResponseBytes must not be negative; it is {MaxResponseBytes}.";
        }

        if (ReconnectTimeout < TimeSpan.Zero)
        {
            yield return $"ReconnectTimeout must not be negative; it is {ReconnectTimeout}.";
        }
    }
}
