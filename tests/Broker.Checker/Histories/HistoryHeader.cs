namespace Broker.Checker.Histories;

/// <summary>The first line of a history.</summary>
internal sealed record HistoryHeader
{
    /// <summary>Raised when a reader of the version before would misread a history.</summary>
    public const int FormatVersion = 1;

    /// <summary>What the run was made from, if anything was.</summary>
    public long? Seed { get; init; }

    /// <summary>What people call a partition: topic/number. A key without a name is called by its number.</summary>
    public IReadOnlyDictionary<int, string> Names { get; init; } = new Dictionary<int, string>();
}
