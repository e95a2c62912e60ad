using Broker.Engine.Topics;
using Broker.Records;
using Broker.Storage.Journal;

namespace Broker.Engine.Entries;

/// <summary>One batch on its way into one partition. Reused: taken and given back by <see cref="AppendEntryPool"/>.</summary>
internal sealed class AppendEntry : JournalEntry
{
    private readonly byte[] _head = new byte[AppendHead.SizeBytes];
    private readonly AppendEntryPool _pool;
    private readonly EngineState _state;
    private PartitionHandle? _partition;
    private PooledBuffer? _owner;
    private ReadOnlyMemory<byte> _batch;
    private long _segmentBaseOffset;
    private int _position;
    private int _capacityBytes;
    private bool _written;
    private bool _isContinued;

    public AppendEntry(AppendEntryPool pool, EngineState state)
    {
        _pool = pool;
        _state = state;
    }

    public override byte Kind => (byte)EntryKind.Append;

    public override bool IsContinued => _isContinued;

    public override ReadOnlyMemory<byte> Head => _head;

    public override ReadOnlyMemory<byte> Payload => _batch;

    // Prefix and header hold the checksum of the rest.
    public override int PayloadCoveredBytes => StoredBatch.OverheadBytes;

    public void Set(
        PartitionHandle partition, DecidedLog place, ReadOnlyMemory<byte> batch, PooledBuffer owner, long lsn, bool isContinued)
    {
        Lsn = lsn;
        _partition = partition;
        _batch = batch;
        _owner = owner;
        _segmentBaseOffset = place.SegmentBaseOffset;
        _position = place.SegmentPosition;
        _capacityBytes = place.SegmentCapacityBytes;
        _written = false;
        _isContinued = isContinued;
        AppendHead.Write(_head, partition.TopicId, partition.Partition, _position, _segmentBaseOffset, _capacityBytes);
    }

    public override void Apply()
    {
        // A topic that was deleted while its records waited for space takes no more of them.
        if (!_written && !_partition!.IsDeleted)
        {
            _state.ApplyAppend(_partition, _segmentBaseOffset, _position, _capacityBytes, _batch.Span);
            _written = true;
        }
    }

    public override void Publish() => _partition!.Log.Publish();

    public override void Completed()
    {
        _state.NotifyAfterGroup(_partition!);
        _owner!.Release();
        _owner = null;
        _partition = null;
        _batch = default;
        _pool.Return(this);
    }
}
