using Broker.Engine;
using Broker.Engine.Inspection;
using Broker.Engine.Topics;

namespace Broker.Tests.Engine;

/// <summary>What becomes of a partition of which a part is damaged, and of all others.</summary>
public sealed class QuarantineTests
{
    private const int ValueBytes = 4_000;

    [Fact]
    public async Task A_flipped_bit_costs_one_batch_and_all_others_are_served()
    {
        await using EngineFixture broker = await FilledAsync(200);
        string damaged = "";
        await broker.CrashAsync(directory => Flip(damaged = SegmentsOf(directory)[1], 10_000));
        PartitionHandle partition = broker.Partition("t");
        byte[] before = await File.ReadAllBytesAsync(damaged);

        List<long> lost = LostOffsets(partition, 200);

        long offset = Assert.Single(lost);
        PartitionDamage damage = Assert.Single(partition.Damages);
        Assert.Equal((offset, offset + 1, damaged), (damage.Range.FromOffset, damage.Range.NextOffset, damage.Path));
        Assert.InRange(10_000, damage.Range.FromPosition, damage.Range.ToPosition - 1);
        Assert.Contains(damaged, Assert.Single(broker.Engine.Notes.All), StringComparison.Ordinal);
        Assert.Equal(before, await File.ReadAllBytesAsync(damaged));
    }

    [Fact]
    public async Task A_quarantined_partition_takes_no_records_until_the_damage_is_trimmed_and_others_do()
    {
        await using EngineFixture broker = await FilledAsync(200);
        await broker.CreateTopicAsync("other");
        await broker.CrashAsync(directory => Flip(SegmentsOf(directory)[0], 10_000));
        PartitionHandle partition = broker.Partition("t");
        long lost = Assert.Single(LostOffsets(partition, 200));

        for (int start = 0; start < 3; start++)
        {
            partition = broker.Partition("t");
            Assert.True(partition.IsQuarantined);
            Assert.Equal(BrokerError.PartitionQuarantined, TryAppend(broker, partition).Error);
            await broker.AppendAsync(broker.Partition("other"), ["taken"]);
            await (start == 0 ? broker.CrashAsync() : broker.RestartAsync());
        }

        partition = broker.Partition("t");
        await broker.Engine.TrimAsync(partition, lost + 1, default);
        Assert.False(partition.IsQuarantined);
        Assert.Equal(200, (await broker.AppendAsync(partition, ["again"])).BaseOffset);
        await broker.CrashAsync();
        Assert.False(broker.Partition("t").IsQuarantined);
        Assert.Equal(200 - lost, EngineFixture.ReadAll(broker.Partition("t")).Count);
    }

    [Fact]
    public async Task Retention_frees_nothing_of_a_quarantined_partition()
    {
        await using EngineFixture broker = await FilledAsync(200);
        await broker.CrashAsync(directory => Flip(SegmentsOf(directory)[1], 10_000));
        _ = LostOffsets(broker.Partition("t"), 200);
        string[] before = SegmentsOf(broker.DataDirectory);
        await broker.CreateTopicAsync("other");
        await broker.AppendAsync(broker.Partition("other"), ["old"]);
        foreach (string topic in (string[])["t", "other"])
        {
            await broker.Engine.AlterTopicAsync(topic, new Dictionary<string, string> { ["retention.ms"] = "1" }, [], default);
        }

        await EventuallyAsync(() => broker.Partition("other").LogStartOffset == 1);
        Assert.Equal(0, broker.Partition("t").LogStartOffset);
        Assert.Equal(before, SegmentsOf(broker.DataDirectory));
    }

    [Fact]
    public async Task A_missing_segment_quarantines_its_partition_and_the_rest_is_served()
    {
        await using EngineFixture broker = await FilledAsync(200);
        await broker.CrashAsync(directory => File.Delete(SegmentsOf(directory)[1]));
        PartitionHandle partition = broker.Partition("t");
        Assert.True(partition.IsQuarantined);
        PartitionDamage damage = Assert.Single(partition.Damages);
        List<long> lost = LostOffsets(partition, 200);
        Assert.Equal(Range(damage), lost);
        Assert.InRange(lost.Count, 40, 80);
    }

    [Fact]
    public async Task A_segment_that_was_cut_short_serves_what_is_left()
    {
        await using EngineFixture broker = await FilledAsync(200);
        await broker.CrashAsync(directory =>
        {
            using FileStream segment = File.OpenWrite(SegmentsOf(directory)[1]);
            segment.SetLength(100_000);
        });
        PartitionHandle partition = broker.Partition("t");
        PartitionDamage damage = Assert.Single(partition.Damages);
        Assert.InRange(damage.Range.FromPosition, 100_000 - ValueBytes - 200, 100_000);
        Assert.Equal(Range(damage), LostOffsets(partition, 200));
    }

    [Fact]
    public async Task What_the_journal_has_for_a_missing_segment_goes_to_a_new_one()
    {
        await using EngineFixture broker = await FilledAsync(20);
        await broker.RestartAsync();
        for (int i = 20; i < 40; i++)
        {
            await broker.AppendAsync(broker.Partition("t"), [Value(i)]);
        }

        await broker.CrashAsync(directory => File.Delete(SegmentsOf(directory)[^1]));
        for (int start = 0; start < 3; start++)
        {
            PartitionHandle partition = broker.Partition("t");
            Assert.Equal(40, partition.HighWatermark);
            Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), LostOffsets(partition, 40));
            Assert.True(partition.IsQuarantined);
            await (start == 0 ? broker.CrashAsync() : broker.RestartAsync());
        }
    }

    [Fact]
    public async Task A_search_by_time_steps_over_damage()
    {
        await using EngineFixture broker = await FilledAsync(200);
        await broker.CrashAsync(directory =>
        {
            Flip(SegmentsOf(directory)[1], 10_000);
            foreach (string index in Directory.GetFiles(Path.Combine(directory, "topics"), "*.index", SearchOption.AllDirectories))
            {
                File.Delete(index);
            }
        });
        PartitionHandle partition = broker.Partition("t");
        for (int i = 0; i < 200; i++)
        {
            long found = partition.OffsetForTimestamp(1000 + i);
            bool isLost = partition.Damages.Any(d => d.Range.Holds(i));
            Assert.Equal(isLost ? i + 1 : i, found);
        }

        Assert.Single(partition.Damages);
    }

    [Fact]
    public async Task A_damaged_record_in_the_journal_is_taken_from_the_segment_that_has_it()
    {
        await using EngineFixture broker = await FilledAsync(20, restart: false);
        await Task.Delay(200);
        await broker.CrashAsync(directory => FlipInPayload(directory, entry: 10));
        Assert.Equal(20, EngineFixture.ReadAll(broker.Partition("t")).Count);
        Assert.Empty(broker.Partition("t").Damages);
    }

    [Fact]
    public async Task A_damaged_record_in_the_journal_quarantines_its_partition_alone()
    {
        await using EngineFixture broker = await FilledAsync(20, restart: false);
        await broker.CreateTopicAsync("other");
        await broker.AppendAsync(broker.Partition("other"), ["whole"]);
        await Task.Delay(200);
        await broker.CrashAsync(directory =>
        {
            FlipInPayload(directory, entry: 10);
            Array.ForEach(SegmentsOf(directory), File.Delete);
        });
        for (int start = 0; start < 3; start++)
        {
            Assert.Equal(10, Assert.Single(LostOffsets(broker.Partition("t"), 20)));
            Assert.True(broker.Partition("t").IsQuarantined);
            Assert.False(broker.Partition("other").IsQuarantined);
            Assert.Single(EngineFixture.ReadAll(broker.Partition("other")));
            await (start == 0 ? broker.CrashAsync() : broker.RestartAsync());
        }
    }

    [Fact]
    public async Task Verification_names_every_damaged_place_of_a_segment()
    {
        await using EngineFixture broker = await FilledAsync(200);
        await broker.CrashAsync(directory =>
        {
            string segment = SegmentsOf(directory)[1];
            Flip(segment, 10_000);
            Flip(segment, 60_000);
            using DataDirectory data = DataDirectory.Open(directory);
            VerifyResult result = data.Verify(null);
            Assert.Equal([segment, segment], result.Problems.Select(p => p.Path));
            Assert.Equal(198, result.RecordCount);
        });
    }

    [Fact]
    public async Task Repair_names_what_would_be_lost_and_gives_it_up_only_when_told()
    {
        await using EngineFixture broker = await FilledAsync(200);
        await broker.CrashAsync(directory => Flip(SegmentsOf(directory)[1], 10_000));
        long lost = Assert.Single(LostOffsets(broker.Partition("t"), 200));
        RepairResult waiting = null!, settled = null!, nothing = null!;
        await broker.StopAndAsync(async directory =>
        {
            waiting = await Repair.RunAsync(directory, acceptLoss: false, TimeProvider.System, null);
            settled = await Repair.RunAsync(directory, acceptLoss: true, TimeProvider.System, null);
            nothing = await Repair.RunAsync(directory, acceptLoss: true, TimeProvider.System, null);
        });
        Assert.Equal((RepairOutcome.Waiting, lost), (waiting.Steps.Single().Outcome, waiting.Steps.Single().FromOffset));
        Assert.Equal((RepairOutcome.GivenUp, lost), (settled.Steps.Single().Outcome, settled.Steps.Single().FromOffset));
        Assert.True(File.Exists(settled.Steps.Single().KeptAs));
        Assert.Empty(nothing.Steps);
        Assert.Contains("given up", Assert.Single(broker.Engine.Notes.All), StringComparison.Ordinal);

        PartitionHandle partition = broker.Partition("t");
        Assert.False(partition.IsQuarantined);
        Assert.Equal([lost], LostOffsets(partition, 200));
        Assert.Equal(200, (await broker.AppendAsync(partition, ["again"])).BaseOffset);
        await broker.CrashAsync();
        Assert.False(broker.Partition("t").IsQuarantined);
        Assert.Equal([lost], LostOffsets(broker.Partition("t"), 200));
        Assert.Equal(201, broker.Partition("t").HighWatermark);
        await broker.StopAndAsync(directory =>
        {
            using DataDirectory data = DataDirectory.Open(directory);
            VerifyResult result = data.Verify(null);
            Assert.Empty(result.Problems);
            Assert.Equal(1, result.GivenUpRecordCount);
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task Repair_serves_again_what_an_operator_has_put_back()
    {
        await using EngineFixture broker = await FilledAsync(200);
        byte[] whole = [];
        string path = "";
        await broker.CrashAsync(directory =>
        {
            path = SegmentsOf(directory)[1];
            whole = File.ReadAllBytes(path);
            File.Delete(path);
        });
        Assert.True(broker.Partition("t").IsQuarantined);
        RepairResult result = null!;
        await broker.StopAndAsync(async directory =>
        {
            await File.WriteAllBytesAsync(path, whole);

            // A start would still keep it in quarantine.
            Assert.Contains("They can be read again, and wait for: broker log repair", Assert.Single(Verify(directory)).Description, StringComparison.Ordinal);
            result = await Repair.RunAsync(directory, acceptLoss: false, TimeProvider.System, null);
            Assert.Empty(Verify(directory));
        });
        Assert.Equal(RepairOutcome.Mended, Assert.Single(result.Steps).Outcome);
        Assert.False(broker.Partition("t").IsQuarantined);
        Assert.Equal(200, EngineFixture.ReadAll(broker.Partition("t")).Count);
        await broker.AppendAsync(broker.Partition("t"), ["again"]);
    }

    private static IReadOnlyList<Problem> Verify(string directory)
    {
        using DataDirectory data = DataDirectory.Open(directory);
        return data.Verify(progress: null).Problems;
    }

    private static async Task<EngineFixture> FilledAsync(int count, bool restart = true)
    {
        var broker = new EngineFixture();
        await broker.CreateTopicAsync("t");
        for (int i = 0; i < count; i++)
        {
            await broker.AppendAsync(broker.Partition("t"), [Value(i)], timestampMs: 1000 + i);
        }

        if (restart)
        {
            await broker.RestartAsync();
        }

        return broker;
    }

    private static string Value(int i) => $"{i:D6}" + new string('x', ValueBytes);

    /// <summary>Asks for each offset alone, checks what comes, and follows the hint where nothing does.</summary>
    private static List<long> LostOffsets(PartitionHandle partition, int count)
    {
        var lost = new List<long>();
        for (long offset = 0; offset < count; offset++)
        {
            ReadResult result = partition.Read(offset, maxBytes: 1);
            using (result.Slice)
            {
                if (result.Error == BrokerError.DataLoss)
                {
                    lost.Add(offset);
                    Assert.True(result.NextOffset > offset);
                    continue;
                }

                Assert.Equal(BrokerError.None, result.Error);
                Assert.Equal(offset + 1, result.Slice.NextOffset);
                Assert.Contains($"{offset:D6}x", System.Text.Encoding.Latin1.GetString(result.Slice.Memory.Span), StringComparison.Ordinal);
            }
        }

        return lost;
    }

    private static IEnumerable<long> Range(PartitionDamage damage) =>
        Enumerable.Range((int)damage.Range.FromOffset, (int)(damage.Range.NextOffset - damage.Range.FromOffset)).Select(i => (long)i);

    private static AppendDecision TryAppend(EngineFixture broker, PartitionHandle partition)
    {
        Broker.Records.PooledBuffer batch = EngineFixture.Batch(partition, ["refused"]);
        AppendDecision decision = broker.Engine.Append(partition, batch.Memory, batch, Durability.Durable);
        batch.Release();
        return decision;
    }

    private static string[] SegmentsOf(string directory) =>
        [.. Directory.GetFiles(Path.Combine(directory, "topics"), "*.log", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private static void FlipInPayload(string directory, int entry)
    {
        using DataDirectory data = DataDirectory.Open(directory);
        FrameInfo frame = data.Frames().Where(f => f.Kind == "append").ElementAt(entry);
        Flip(Path.Combine(directory, "journal", frame.File), frame.Position + frame.SizeBytes - 100);
    }

    private static void Flip(string path, long position)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = position;
        int value = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(value ^ 0x10));
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        for (int i = 0; i < 200 && !condition(); i++)
        {
            await Task.Delay(25);
        }

        Assert.True(condition());
    }
}
