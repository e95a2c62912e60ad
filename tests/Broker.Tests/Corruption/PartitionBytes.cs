using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;

namespace Broker.Tests.Corruption;

/// <summary>One partition as it was written: its stored batches, one after the other.</summary>
internal sealed class PartitionBytes
{
    private readonly List<(long BaseOffset, int At)> _batches = [];
    private readonly byte[] _bytes;

    private PartitionBytes(long logStart, long highWatermark, byte[] bytes)
    {
        LogStart = logStart;
        HighWatermark = highWatermark;
        _bytes = bytes;
        for (int at = 0; at < bytes.Length; at += new StoredBatchView(bytes.AsSpan(at)).SizeBytes)
        {
            _batches.Add((new StoredBatchView(bytes.AsSpan(at)).BaseOffset, at));
        }
    }

    public long LogStart { get; }

    public long HighWatermark { get; }

    public int BatchCount => _batches.Count;

    public long BaseOffset(int batch) => _batches[batch].BaseOffset;

    /// <summary>Where a batch begins among all bytes of the partition; the end of them for the one behind the last.</summary>
    public int PositionOf(int batch) => batch < _batches.Count ? _batches[batch].At : _bytes.Length;

    public static PartitionBytes Read(PartitionHandle partition)
    {
        using var bytes = new MemoryStream();
        for (long offset = partition.LogStartOffset; offset < partition.HighWatermark;)
        {
            ReadResult result = partition.Read(offset, 256 << 10);
            using (result.Slice)
            {
                Assert.Equal(BrokerError.None, result.Error);
                bytes.Write(result.Slice.Memory.Span);
                offset = result.Slice.NextOffset;
            }
        }

        return new PartitionBytes(partition.LogStartOffset, partition.HighWatermark, bytes.ToArray());
    }

    /// <summary>Whether bytes served for a batch are those that were written, at least the batch whole.</summary>
    public bool IsRight(int batch, ReadOnlySpan<byte> served)
    {
        ReadOnlySpan<byte> written = _bytes.AsSpan(PositionOf(batch));
        return served.Length >= PositionOf(batch + 1) - PositionOf(batch)
            && served.Length <= written.Length && served.SequenceEqual(written[..served.Length]);
    }

    /// <summary>Reads from end to end, and over each batch that is not served.</summary>
    public Outcome Judge(PartitionHandle partition, out string details)
    {
        Outcome outcome = Outcome.Same;
        details = "";
        for (int batch = 0; batch < _batches.Count;)
        {
            ReadResult result = partition.Read(BaseOffset(batch), 64 << 10);
            using (result.Slice)
            {
                if (result.Error == BrokerError.DataLoss)
                {
                    (outcome, details) = (Outcome.NotServed, $"offset {BaseOffset(batch)}");
                    batch++;
                    continue;
                }

                if (result.Error != BrokerError.None || result.Slice.IsEmpty || !IsRight(batch, result.Slice.Memory.Span))
                {
                    details = $"offset {BaseOffset(batch)}: {result.Error}, {result.Slice.Memory.Length} bytes";
                    return result.Error == BrokerError.None && !result.Slice.IsEmpty ? Outcome.WrongBytes : Outcome.SilentLoss;
                }

                long next = result.Slice.NextOffset;
                while (batch < _batches.Count && BaseOffset(batch) < next)
                {
                    batch++;
                }
            }
        }

        return outcome;
    }
}
