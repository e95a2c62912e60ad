using Broker.Records;

namespace Broker.Client.Producing;

/// <summary>One batch from its first record to its outcome. Guarded by its <see cref="PartitionQueue"/>'s lock.</summary>
internal sealed class PendingBatch(PartitionQueue queue, long createdMs)
{
    private SendOperation? _lastOperation;
    private TaskCompletionSource? _completion;

    public PartitionQueue Queue { get; } = queue;

    public long CreatedMs { get; } = createdMs;

    public long SentTicks { get; set; }

    /// <summary>The stored batch; null while the batch is open.</summary>
    public PooledBuffer? Buffer { get; set; }

    /// <summary>What the batch takes from the producer's memory.</summary>
    public int ReservedBytes { get; set; }

    public int RecordCount { get; set; }

    /// <summary>The broker refuses the batch unless the partition ends with this offset; null for any.</summary>
    public long? ExpectedLastOffset { get; init; }

    /// <summary>Records that nobody awaits singly.</summary>
    public int UnawaitedCount { get; set; }

    public SendOperation? FirstOperation { get; private set; }

    public BatchState State { get; set; }

    /// <summary>True once the sequence is fixed: from the first sending until a refusal that frees the numbers.</summary>
    public bool IsNumbered { get; set; }

    public long BaseSequence { get; set; }

    public long EndSequence => BaseSequence + RecordCount;

    /// <summary>An attempt was not answered, and no later answer has told what became of it.</summary>
    public bool InDoubt { get; set; }

    /// <summary>An attempt was not answered: its copy may still reach the broker after anything that is sent now.</summary>
    public bool CopyMayArrive { get; set; }

    /// <summary>The producer and sequence that stand in the bytes.</summary>
    public ProducerIdentity? StampedIdentity { get; set; }

    public long StampedSequence { get; set; }

    public uint StampedSeed { get; set; }

    /// <summary>Completes with the batch, however it ends; made on first use.</summary>
    public Task Completion => (_completion ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Add(SendOperation? operation)
    {
        if (operation is null)
        {
            UnawaitedCount++;
        }
        else
        {
            operation.RecordIndex = RecordCount;
            if (_lastOperation is null)
            {
                FirstOperation = operation;
            }
            else
            {
                _lastOperation.Next = operation;
            }

            _lastOperation = operation;
        }

        RecordCount++;
    }

    public void SignalCompletion() => _completion?.TrySetResult();
}
