using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Storage.Segments;

namespace Broker.Tests.Corruption;

/// <summary>
/// Single bits of a segment, flipped under a running broker, read through its map. Read from the partition's log, below the
/// handle: the handle remembers damage, and would answer for the second bit of a batch without looking.
/// </summary>
internal static class SegmentBits
{
    /// <param name="step">1 for every bit.</param>
    public static async Task<Tally> RunAsync(SampleDirectory sample, int step)
    {
        var tally = new Tally(step == 1 ? "segment, every bit" : "segment, bits");
        string data = sample.NewCopy();
        await using BrokerEngine engine = BrokerEngine.Open(SampleDirectory.Options(data), TimeProvider.System);
        Topic topic = engine.FindTopic("a")!.Partitions[0].Topic;
        PartitionHandle partition = topic.Info.Partitions[0];
        PartitionHandle neighbour = topic.Info.Partitions[1];
        Segment segment = partition.Log.Segments[0];
        Assert.InRange(segment.EndPosition, SampleDirectory.SegmentBytes - 4096, SampleDirectory.SegmentBytes);
        byte[] written = await File.ReadAllBytesAsync(segment.LogPath);
        PartitionBytes expected = sample.Content["a", 0], other = sample.Content["a", 1];

        using var file = File.OpenHandle(segment.LogPath, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        int batch = 0;
        byte[] one = new byte[1];
        for (long bit = 0; bit < segment.EndPosition * 8L; bit += step)
        {
            int position = (int)(bit / 8);
            while (position >= expected.PositionOf(batch + 1))
            {
                batch++;
            }

            one[0] = (byte)(written[position] ^ (1 << (int)(bit % 8)));
            RandomAccess.Write(file, one, position);
            Outcome outcome = Judge(partition.Log, expected, batch);
            one[0] = written[position];
            RandomAccess.Write(file, one, position);
            tally.Count(outcome, Expectations.BatchBelowCheckpoint, () => $"bit {bit % 8} of byte {position}, batch {batch}");
            if (tally.Damages % 4096 == 0)
            {
                Assert.True(Serves(partition.Log, expected, batch, 1), "the bit is as before");
                Assert.True(Serves(neighbour.Log, other, batch % other.BatchCount, 1), "another partition is served");
            }
        }

        Assert.Equal(Outcome.Same, sample.Content.Judge(engine, out string details));
        Assert.Empty(details);
        return tally;
    }

    /// <summary>Reads the damaged batch, up to it from the one before, and the one after it.</summary>
    private static Outcome Judge(PartitionLog log, PartitionBytes expected, int batch)
    {
        LogReadStatus status = log.Read(expected.BaseOffset(batch), 1, out LogSlice slice);
        using (slice)
        {
            if (status == LogReadStatus.Ok)
            {
                return expected.IsRight(batch, slice.Memory.Span) ? Outcome.Same : Outcome.WrongBytes;
            }
        }

        bool isAroundRight = (batch == 0 || IsNothingWrong(log, expected, batch - 1, 64 << 10)) && IsNothingWrong(log, expected, batch + 1, 1);
        return !isAroundRight ? Outcome.WrongBytes : status == LogReadStatus.Corrupt ? Outcome.NotServed : Outcome.SilentLoss;
    }

    private static bool Serves(PartitionLog log, PartitionBytes expected, int batch, int maxBytes)
    {
        LogReadStatus status = log.Read(expected.BaseOffset(batch), maxBytes, out LogSlice slice);
        using (slice)
        {
            return status == LogReadStatus.Ok && expected.IsRight(batch, slice.Memory.Span);
        }
    }

    private static bool IsNothingWrong(PartitionLog log, PartitionBytes expected, int batch, int maxBytes)
    {
        LogReadStatus status = log.Read(expected.BaseOffset(batch), maxBytes, out LogSlice slice);
        using (slice)
        {
            return status == LogReadStatus.Corrupt || (status == LogReadStatus.Ok && expected.IsRight(batch, slice.Memory.Span));
        }
    }
}
