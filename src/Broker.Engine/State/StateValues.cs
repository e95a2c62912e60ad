using System.Runtime.CompilerServices;
using Broker.Engine.Entries;
using Broker.Engine.Offsets;
using Broker.Engine.Producers;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Storage.Segments;

namespace Broker.Engine.State;

/// <summary>The values of stored state as bytes.</summary>
internal static class StateValues
{
    public static byte[] Topic(TopicInfo info) => new ByteWriter()
        .Text(info.Name).Int64(info.CreatedMs).Int32(info.Partitions.Count).Map(info.Config).ToArray();

    public static Topic ReadTopic(TopicId id, ReadOnlySpan<byte> value, EngineState state)
    {
        var reader = new ByteReader(value);
        string name = reader.Text();
        long createdMs = reader.Int64();
        int partitionCount = reader.Int32();
        Dictionary<string, string> config = reader.Map();
        Topic topic = state.NewTopic(id, name, createdMs, partitionCount, config);
        topic.Info = new TopicInfo(name, id, createdMs, config, topic.DecidedSettings, [.. topic.DecidedPartitions]);
        return topic;
    }

    public static byte[] Partition(long logStartOffset, long nextOffset) =>
        new ByteWriter().Int64(logStartOffset).Int64(nextOffset).ToArray();

    public static (long LogStartOffset, long NextOffset) ReadPartition(ReadOnlySpan<byte> value)
    {
        var reader = new ByteReader(value);
        return (reader.Int64(), reader.Int64());
    }

    public static byte[] Segment(SegmentState segment) => new ByteWriter()
        .Int32(segment.CapacityBytes).Int32(segment.EndPosition).Int64(segment.NextOffset).Int64(segment.MaxTimestampMs)
        .Int64(segment.FirstAppendMs).Int64(segment.LastAppendMs).ToArray();

    public static SegmentState ReadSegment(long baseOffset, ReadOnlySpan<byte> value)
    {
        var reader = new ByteReader(value);
        return new SegmentState(baseOffset, reader.Int32(), reader.Int32(), reader.Int64(), reader.Int64(), reader.Int64(), reader.Int64());
    }

    public static byte[] Damage(DamagedRange range, bool isLossAccepted) => new ByteWriter()
        .Int64(range.SegmentBaseOffset).Int32(range.FromPosition).Int32(range.ToPosition).Int64(range.FromOffset).Int64(range.NextOffset)
        .Byte(isLossAccepted ? (byte)1 : (byte)0).ToArray();

    public static (DamagedRange Range, bool IsLossAccepted) ReadDamage(ref ByteReader reader)
    {
        var range = new DamagedRange(reader.Int64(), reader.Int32(), reader.Int32(), reader.Int64(), reader.Int64());
        return (range, reader.Byte() != 0);
    }

    public static byte[] Producer(int epoch, string? name, string clientId) =>
        new ByteWriter().Int32(epoch).Text(name ?? "").Text(clientId).ToArray();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static (int Epoch, string? Name, string ClientId) ReadProducer(ReadOnlySpan<byte> value)
    {
        var reader = new ByteReader(value);
        int epoch = reader.Int32();
        if (reader.Remaining == 0)
        {
            // As it was kept before producers had names.
            return (epoch, null, "");
        }

        string name = reader.Text();
        return (epoch, name.Length == 0 ? null : name, reader.Text());
    }

    public static byte[] Offset(OffsetValue value) => new ByteWriter().Int64(value.Offset).Text(value.Metadata).Int64(value.CommitTimeMs).ToArray();

    public static OffsetValue ReadOffset(ReadOnlySpan<byte> value)
    {
        var reader = new ByteReader(value);
        return new OffsetValue(reader.Int64(), reader.Text(), reader.Int64());
    }

    /// <summary>The newest <paramref name="batches"/> batches up to an LSN.</summary>
    public static ByteWriter Window(ByteWriter writer, int epoch, in ProducerWindow window, int batches, long lsn)
    {
        int end = window.Count;
        while (end > 0 && window[end - 1].Lsn > lsn)
        {
            end--;
        }

        int start = Math.Max(0, end - batches);
        writer.Int32(epoch).Int32(end - start);
        for (int i = start; i < end; i++)
        {
            SequencedBatch batch = window[i];
            writer.Int64(batch.FirstSequence).Int32(batch.RecordCount).Int64(batch.BaseOffset).Int64(batch.AppendTimeMs).Int64(batch.Lsn);
        }

        return writer;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void ReadWindow(ref ProducerWindow window, ReadOnlySpan<byte> value)
    {
        var reader = new ByteReader(value);
        _ = reader.Int32();
        for (int count = reader.Int32(); count > 0; count--)
        {
            var batch = new SequencedBatch(reader.Int64(), reader.Int32(), reader.Int64(), reader.Int64(), reader.Int64());
            window.Add(batch, int.MaxValue, long.MaxValue);
        }
    }
}
