using Broker.Engine;
using Broker.Engine.Offsets;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Simulation.Schedule;

namespace Broker.Simulation.Model;

/// <summary>Holds what an engine shows against the model.</summary>
internal static class Checks
{
    /// <summary>With nothing in flight: every partition is exactly what the model says.</summary>
    public static void Everything(BrokerEngine engine, BrokerModel model)
    {
        List<TopicModel> living = model.Living;
        if (engine.Topics.Count != living.Count)
        {
            throw new Violation($"There are {engine.Topics.Count} topics where {living.Count} should be.");
        }

        foreach (TopicModel topic in living)
        {
            TopicInfo info = engine.FindTopic(topic.Name) ?? throw new Violation($"Topic {topic.Name} is lost.");
            Expect(info.Id == topic.Id, $"Topic {topic.Name} has another id.");
            Expect(info.Partitions.Count == topic.Partitions.Count, $"Topic {topic.Name} has {info.Partitions.Count} partitions, not {topic.Partitions.Count}.");
            foreach (PartitionModel partition in topic.Partitions)
            {
                Partition(info.Partitions[partition.Number], partition, engine.Progress.VisibleLsn);
            }
        }
    }

    /// <summary>Every group is where its newest commit says, in what is there.</summary>
    public static void Offsets(BrokerEngine engine, BrokerModel model)
    {
        foreach (string group in model.Groups)
        {
            var expected = model.Living.SelectMany(topic => topic.Partitions)
                .Where(partition => partition.OffsetOf(group) is not null)
                .ToDictionary(partition => (partition.Topic.Id, partition.Number), partition => partition.OffsetOf(group));
            IReadOnlyList<GroupOffset> offsets = engine.Sequencer.Offsets.Fetch(group).Offsets;
            Expect(
                offsets.Count == expected.Count && offsets.All(o => expected.GetValueOrDefault((o.TopicId, o.Partition)) == o.Offset),
                $"Group {group} is said to be at {string.Join(", ", offsets)}, and is at {string.Join(", ", expected)}.");
        }
    }

    /// <summary>Whole batches as they came from a read.</summary>
    /// <param name="at">The offset that was asked for.</param>
    /// <returns>The offset behind the last one.</returns>
    public static long Batches(ReadOnlySpan<byte> bytes, long at, PartitionModel partition, BrokerModel model)
    {
        long next = at;
        while (bytes.Length > 0)
        {
            var view = new StoredBatchView(bytes);
            BatchModel batch = partition.Holding(next) ?? throw new Violation($"{partition} shows a record at {next} that nobody sent.");
            Expect(view.BaseOffset == batch.BaseOffset, $"{partition} has a batch at {view.BaseOffset} where one at {batch.BaseOffset} was acked.");
            int size = view.SizeBytes;
            Expect(
                size <= bytes.Length && bytes[StoredBatchLayout.BatchCrcAt..size].SequenceEqual(batch.Body),
                $"{partition} has other bytes at {batch.BaseOffset} than were sent.");
            Expect(
                view.Lsn == batch.Lsn && view.AppendTimeMs == batch.AppendTimeMs,
                $"{partition} has another LSN or time at {batch.BaseOffset} than the ack said.");

            // What was shown to a reader may not be taken back, acked or not.
            model.Saw(batch.CountsWithLsn);
            next = batch.NextOffset;
            bytes = bytes[size..];
        }

        return next;
    }

    public static void LogStart(PartitionHandle handle, PartitionModel partition)
    {
        long start = handle.LogStartOffset;
        Expect(start >= partition.LogStartSeen, $"The log start of {partition} went back from {partition.LogStartSeen} to {start}.");
        partition.SawLogStart(start);
    }

    public static void Expect(bool holds, string otherwise)
    {
        if (!holds)
        {
            throw new Violation(otherwise);
        }
    }

    private static void Partition(PartitionHandle handle, PartitionModel partition, long lsn)
    {
        long start = handle.LogStartOffset;
        long wanted = partition.LogStartAt(lsn);
        bool mayBeHigher = partition.Topic.HasRetention;
        Expect(mayBeHigher ? start >= wanted : start == wanted, $"The log start of {partition} is {start}, not {wanted}.");
        partition.SawLogStart(start);
        Expect(
            handle.HighWatermark == partition.NextOffset,
            $"{partition} ends at {handle.HighWatermark}, not at {partition.NextOffset}.");
        long at = start;
        while (at < handle.HighWatermark)
        {
            ReadResult read = handle.Read(at, 20_000);
            using (read.Slice)
            {
                Expect(read.Error == BrokerError.None && !read.Slice.IsEmpty, $"A read of {partition} at {at} gave {read.Error}.");
                long next = Whole(read.Slice.Memory.Span, at, partition);
                Expect(next == read.Slice.NextOffset, $"A read of {partition} at {at} says it ends at {read.Slice.NextOffset}, not {next}.");
                at = next;
            }
        }
    }

    private static long Whole(ReadOnlySpan<byte> bytes, long at, PartitionModel partition) => Batches(bytes, at, partition, new BrokerModel());
}
