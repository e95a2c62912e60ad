using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Records;
using Broker.Server.Streams;
using Broker.Storage;
using Broker.Storage.Files;

namespace Broker.Load.Raw;

/// <summary>
/// Writes what comes, all that waits at a time, and syncs it before it is acknowledged; nothing is ever read again. What the
/// broker does beside this (deciding, segments, state, a journal that recovers) is what it costs over raw-durable.
/// </summary>
/// <remarks>Lives as long as its process.</remarks>
#pragma warning disable CA1001 // Nothing ends it but the end of the process.
internal sealed class GroupSyncLog : IBatchLog
#pragma warning restore CA1001
{
    // Written once before the first group, so that syncs never wait for the file system to allocate; then over and over.
    private const int FileBytes = 256 << 20, ZeroBytes = 1 << 20;

    private readonly object _gate = new();
    private readonly OffsetCounter _offsets = new();
    private readonly StorageMetrics _metrics = new();
    private readonly IDiskFile _file;
    private readonly GatherList _pieces = new();
    private List<(Memory<byte> Stored, PooledBuffer Owner)> _waiting = [];
    private List<(Memory<byte> Stored, PooledBuffer Owner)> _group = [];
    private long _lsn;
    private long _position;

    public GroupSyncLog(string path)
    {
        _file = new PosixDisk().Open(path, FileOpening.New);
        byte[] zeros = new byte[ZeroBytes];
        for (long position = 0; position < FileBytes; position += zeros.Length)
        {
            _file.Write(position, zeros);
        }

        _file.SyncData();
        new Thread(WriteGroups) { IsBackground = true, Name = "groups" }.Start();
    }

    public LsnProgress Progress { get; } = new(start: 0);

    public AppendDecision Append(
        PartitionHandle partition, Memory<byte> stored, PooledBuffer owner, Engine.Durability durability, long? expectedLastOffset)
    {
        owner.Retain();
        lock (_gate)
        {
            _waiting.Add((stored, owner));
            Monitor.Pulse(_gate);
            return _offsets.Accept(partition, stored.Span, ++_lsn, durability);
        }
    }

    public AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch) => null;

    public AppendDecision Stage(PartitionHandle partition, ReadOnlySpan<byte> stored, in TransactionContext transaction) =>
        throw new NotSupportedException("Raw knows no transactions.");

    public AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch, in TransactionContext transaction) => null;

    public ReadResult Read(PartitionHandle partition, long offset, int bytesMax) => new(BrokerError.None, default);

    private void WriteGroups()
    {
        while (true)
        {
            try
            {
                WriteGroup();
            }
            catch (DiskException e)
            {
                Progress.Fail(e);
                return;
            }
        }
    }

    private void WriteGroup()
    {
        long lsn;
        lock (_gate)
        {
            while (_waiting.Count == 0)
            {
                Monitor.Wait(_gate);
            }

            (_group, _waiting) = (_waiting, _group);
            lsn = _lsn;
        }

        _pieces.Clear();
        foreach ((Memory<byte> stored, _) in _group)
        {
            _pieces.Add(stored);
        }

        _pieces.Seal();
        _position = _position + _pieces.TotalBytes > FileBytes ? 0 : _position;
        _file.Write(_position, _pieces);
        _position += _pieces.TotalBytes;
        Progress.AdvanceWritten(lsn);
        _metrics.SyncBegins();
        _file.SyncData();
        _metrics.Synced();
        Progress.AdvanceVisible(lsn);
        _group.ForEach(entry => entry.Owner.Release());
        _group.Clear();
    }
}
