using System.Runtime.InteropServices;
using System.Text;
using Broker.Client;
using Broker.Records;

namespace Broker.Cli.Demo;

/// <summary>What a consumer of the demo's flights has seen.</summary>
internal sealed class FlightStatistics
{
    private readonly Dictionary<string, long> _byOrigin = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public FlightStatistics() => _lookup = _byOrigin.GetAlternateLookup<ReadOnlySpan<char>>();

    public SortedDictionary<int, PartitionFlights> Partitions { get; } = [];

    public long RecordCount { get; private set; }

    public int OriginCount => _byOrigin.Count;

    public IEnumerable<KeyValuePair<string, long>> Busiest(int count) =>
        _byOrigin.OrderByDescending(origin => origin.Value).ThenBy(origin => origin.Key, StringComparer.Ordinal).Take(count);

    public void Add(ConsumedBatch batch)
    {
        if (!Partitions.TryGetValue(batch.Partition, out PartitionFlights? partition))
        {
            Partitions[batch.Partition] = partition = new PartitionFlights();
        }

        Span<char> text = stackalloc char[64];
        foreach (RecordView record in batch.Records())
        {
            RecordCount++;
            ReadOnlySpan<byte> key = record.Key.Span;
            ReadOnlySpan<char> origin = text[..Encoding.UTF8.GetChars(key[..Math.Min(key.Length, text.Length)], text)];
            ref long count = ref CollectionsMarshal.GetValueRefOrAddDefault(_lookup, origin, out bool known);
            count++;
            partition.Add(record.TimestampMs, isNewOrigin: !known);
        }
    }
}
