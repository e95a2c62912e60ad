using Broker.Engine.Topics;

namespace Broker.Engine;

/// <summary>What the engine needs to know at start. Validated when the engine opens.</summary>
internal sealed record EngineOptions
{
    public required string DataDirectory { get; init; }

    /// <summary>Size of one journal file; an entry that is larger gets a larger file.</summary>
    public long JournalFileBytes { get; init; } = 64 << 20;

    /// <summary>A checkpoint starts when the journal holds so much that recovery would replay; at twice this, writes wait.</summary>
    public long JournalReplayBytesMax { get; init; } = 256 << 20;

    /// <summary>A snapshot file of the state is not written anew before it has grown beyond this.</summary>
    public long SnapshotRewriteBytesMin { get; init; } = 1 << 20;

    public int RecordBytesMax { get; init; } = 1 << 20;

    public int BatchBytesMax { get; init; } = 4 << 20;

    public int PartitionsPerTopicMax { get; init; } = 10_000;

    /// <summary>Files of freed segments are kept for reuse up to this many bytes.</summary>
    public long RecycleBytesMax { get; init; } = 4L << 30;

    /// <summary>Below this much free space, beyond twice the journal's limit, writes are refused.</summary>
    public long ReserveBytes { get; init; } = 512 << 20;

    /// <summary>How many batches of one producer and partition a retry may reach back.</summary>
    public int ProducerWindowBatches { get; init; } = 64;

    /// <summary>How many producers are remembered. Beyond that those without a name go that were idle longest.</summary>
    public int ProducersMax { get; init; } = 1_000_000;

    /// <summary>When a producer without a name is forgotten that wrote nothing.</summary>
    public TimeSpan ProducerIdleMax { get; init; } = TimeSpan.FromDays(1);

    /// <summary>A larger transaction is aborted.</summary>
    public long TransactionBytesMax { get; init; } = 32 << 20;

    /// <summary>No transaction may be open for longer, whatever its producer asks for.</summary>
    public TimeSpan TransactionTimeoutMax { get; init; } = TimeSpan.FromMinutes(15);

    public int OpenTransactionsMax { get; init; } = 10_000;

    /// <summary>What is staged of all open transactions beyond this waits in files.</summary>
    public long StagingMemoryBytes { get; init; } = 64 << 20;

    /// <summary>What may be staged of all open transactions, in memory and files.</summary>
    public long StagingBytesMax { get; init; } = 1L << 30;

    public TimeSpan RetentionCheckInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How fast the whole log is read again to find damage; 0 does not.</summary>
    public long ScrubBytesPerSecond { get; init; } = 4 << 20;

    /// <summary>
    /// Gives up what a damaged journal cannot tell any more, as an operator has decided: keeps what comes before the damage, and
    /// what the lost entries have written to segments.
    /// </summary>
    public bool AcceptsJournalLoss { get; init; }

    public TopicSettings TopicDefaults { get; init; } = TopicSettings.Default;
}
