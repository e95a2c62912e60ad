using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;

namespace Broker.Load.Raw;

/// <summary>Gives offsets to what is not kept.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class OffsetCounter
{
    private readonly Dictionary<PartitionHandle, long> _next = [];

    public AppendDecision Accept(PartitionHandle partition, ReadOnlySpan<byte> stored, long lsn, Engine.Durability durability)
    {
        long offset = _next.GetValueOrDefault(partition);
        _next[partition] = offset + new StoredBatchView(stored).RecordCount;
        long nowMs = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        return new AppendDecision(BrokerError.None, offset, nowMs, Duplicate: false, lsn, durability, Found: 0, Expected: 0);
    }
}
