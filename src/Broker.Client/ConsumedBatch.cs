using Broker.Client.Consuming;
using Broker.Records;

namespace Broker.Client;

/// <summary>
/// Records of one partition as they came, to be walked in place. Valid until the reader moves on: keep nothing of it.
/// </summary>
/// <remarks>Not thread-safe; the same object for every batch of a reader.</remarks>
public sealed class ConsumedBatch
{
    private readonly DecompressionBuffer _scratch;
    private ReadOnlyMemory<byte> _stored;

    internal ConsumedBatch(DecompressionBuffer scratch) => _scratch = scratch;

    public string Topic { get; private set; } = "";

    public int Partition { get; private set; }

    /// <summary>Offset of the first record here. The stored batch may begin earlier, before what was asked for.</summary>
    public long BaseOffset { get; private set; }

    public int RecordCount { get; private set; }

    public long NextOffset => BaseOffset + RecordCount;

    /// <summary>When the broker appended the batch, milliseconds since 1970 UTC.</summary>
    public long AppendTimeMs { get; private set; }

    /// <summary>Where the partition ended when the broker sent this: NextOffset to here is what is still to come.</summary>
    public long HighWatermark { get; private set; }

    /// <summary>The size in the log, compressed if it is.</summary>
    public int SizeBytes => _stored.Length;

    /// <summary><c>foreach (RecordView record in batch.Records())</c>: allocates nothing per record.</summary>
    public BatchRecords Records() => new(_stored.Span, _scratch, this);

    internal void Set(PartitionCursor cursor, ReadOnlyMemory<byte> stored, long firstOffset)
    {
        var view = new StoredBatchView(stored.Span);
        _stored = stored;
        Topic = cursor.Topic;
        Partition = cursor.Partition;
        BaseOffset = firstOffset;
        RecordCount = (int)(view.NextOffset - firstOffset);
        AppendTimeMs = view.AppendTimeMs;
        HighWatermark = cursor.HighWatermark;
    }
}
