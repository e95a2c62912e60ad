using Broker.Engine.Topics;
using Broker.Protocol.V1;

namespace Broker.Server.Streams;

/// <summary>One followed partition of a fetch stream.</summary>
/// <remarks>
/// Offsets belong to the stream's sender. Whether it stands in the stream's queue is decided by one flag, so that a
/// partition which gets thousands of batches a second is queued once.
/// </remarks>
internal sealed class FetchCursor(FetchStream stream, uint startId, PartitionHandle? partition, long nextOffset, Error? error) : IWatcher
{
    private int _isQueued;

    public uint StartId { get; } = startId;

    /// <summary>Null when the start was refused.</summary>
    public PartitionHandle? Partition { get; } = partition;

    /// <summary>Why the partition cannot be followed.</summary>
    public Error? Error { get; } = error;

    public long NextOffset { get; set; } = nextOffset;

    /// <summary>The client has left it, or it ended with an error.</summary>
    public bool IsStopped { get; set; }

    public void OnPartitionChanged() => stream.Enqueue(this);

    /// <returns>False when it stands in the queue already.</returns>
    public bool TryMarkQueued() => Interlocked.Exchange(ref _isQueued, 1) == 0;

    public void MarkTaken() => Interlocked.Exchange(ref _isQueued, 0);
}
