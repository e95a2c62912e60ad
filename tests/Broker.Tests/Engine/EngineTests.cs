using Broker.Engine;
using Broker.Engine.Producers;
using Broker.Engine.Topics;
using Broker.Records;

namespace Broker.Tests.Engine;

public sealed class EngineTests
{
    [Fact]
    public async Task What_was_appended_is_read_back_in_order_from_any_offset()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t");
        PartitionHandle partition = broker.Partition("t");
        AppendDecision first = await broker.AppendAsync(partition, ["a", "b"]);
        AppendDecision second = await broker.AppendAsync(partition, ["c"]);
        Assert.Equal((0L, 2L), (first.BaseOffset, second.BaseOffset));
        Assert.Equal([(0, "a"), (1, "b"), (2, "c")], EngineFixture.ReadAll(partition));
        Assert.Equal([(1, "b"), (2, "c")], EngineFixture.ReadAll(partition, from: 1));
        Assert.Equal(3, partition.HighWatermark);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_was_acknowledged_is_there_after_a_stop_and_after_a_crash(bool crash)
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t", partitions: 3);
        var expected = new List<(long, string)>[3];
        for (int round = 0; round < 3; round++)
        {
            for (int i = 0; i < 300; i++)
            {
                PartitionHandle partition = broker.Partition("t", i % 3);
                string value = $"{round}-{i}-{new string('x', 5000)}";
                AppendDecision decision = await broker.AppendAsync(partition, [value]);
                (expected[i % 3] ??= []).Add((decision.BaseOffset, value));
            }

            await (crash ? broker.CrashAsync() : broker.RestartAsync());
            Assert.Equal(round + 2, broker.Engine.Incarnation);
            for (int p = 0; p < 3; p++)
            {
                Assert.Equal(expected[p], EngineFixture.ReadAll(broker.Partition("t", p)));
            }
        }

        Assert.True(broker.Engine.Status.RollCount >= 0);
    }

    [Fact]
    public async Task A_journal_that_is_longer_than_it_may_be_does_not_keep_a_start_from_writing()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t");
        for (int i = 0; i < 200; i++)
        {
            await broker.AppendAsync(broker.Partition("t"), [new string('x', 5000)]);
        }

        await broker.CrashAsync(change: options => options with { JournalReplayBytesMax = 256 << 10 });
        Assert.True(broker.Engine.Recovery.ReplayedBytes > 2 * (256 << 10));
        await broker.AppendAsync(broker.Partition("t"), ["more"]);
        Assert.Equal(201, EngineFixture.ReadAll(broker.Partition("t")).Count);
    }

    [Fact]
    public async Task Writes_that_wait_for_the_checkpoint_after_recovery_go_on_behind_it()
    {
        using var workers = new HeldCheckpoints();
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t");
        await broker.AppendAsync(broker.Partition("t"), ["before"]);
        await broker.CrashAsync(workers: workers);

        // Three times what the journal may hold before a checkpoint begins.
        PartitionHandle partition = broker.Partition("t");
        long lsn = 0;
        for (int i = 0; i < 1200; i++)
        {
            PooledBuffer batch = EngineFixture.Batch(partition, [new string('x', 5000)]);
            lsn = broker.Engine.Append(partition, batch.Memory, batch, Durability.Durable).Lsn;
            batch.Release();
        }

        Task written = broker.Engine.Progress.WaitVisibleAsync(lsn, default).AsTask();
        await Task.WhenAny(written, Task.Delay(TimeSpan.FromMilliseconds(500)));
        Assert.False(written.IsCompleted);
        workers.Release();
        await written.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(1201, EngineFixture.ReadAll(partition).Count);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_retry_answers_the_first_offset_also_after_a_crash(bool crash)
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t");
        ProducerIdentity producer = await broker.Engine.InitProducerAsync("test", default);
        for (int i = 0; i < 100; i++)
        {
            AppendDecision decision = await broker.AppendAsync(broker.Partition("t"), [$"{i}"], producer.Id, producer.Epoch, sequence: i);
            Assert.Equal((BrokerError.None, (long)i, false), (decision.Error, decision.BaseOffset, decision.Duplicate));
        }

        if (crash)
        {
            await broker.CrashAsync();
        }

        PartitionHandle partition = broker.Partition("t");
        AppendDecision retry = await broker.AppendAsync(partition, ["99"], producer.Id, producer.Epoch, sequence: 99);
        Assert.Equal((BrokerError.None, 99L, true), (retry.Error, retry.BaseOffset, retry.Duplicate));
        AppendDecision oldest = await broker.AppendAsync(partition, ["36"], producer.Id, producer.Epoch, sequence: 36);
        Assert.Equal((BrokerError.None, 36L, true), (oldest.Error, oldest.BaseOffset, oldest.Duplicate));
        AppendDecision tooOld = await broker.AppendAsync(partition, ["0"], producer.Id, producer.Epoch, sequence: 0);
        Assert.Equal(BrokerError.DuplicateSequenceNumber, tooOld.Error);
        AppendDecision gap = await broker.AppendAsync(partition, ["101"], producer.Id, producer.Epoch, sequence: 101);
        Assert.Equal((BrokerError.OutOfOrderSequenceNumber, 101L, 100L), (gap.Error, gap.Found, gap.Expected));
        AppendDecision unknown = await broker.AppendAsync(partition, ["x"], producerId: 777, epoch: 0, sequence: 0);
        Assert.Equal(BrokerError.UnknownProducerId, unknown.Error);
        Assert.Equal(100, partition.HighWatermark);
    }

    [Fact]
    public async Task A_recreated_topic_starts_empty_under_another_id()
    {
        await using var broker = new EngineFixture();
        TopicInfo first = await broker.CreateTopicAsync("t");
        PartitionHandle old = first.Partitions[0];
        await broker.AppendAsync(old, ["old"]);
        await broker.Engine.DeleteTopicAsync("t", default);
        Assert.Null(broker.Engine.FindTopic("t"));
        TopicInfo second = await broker.CreateTopicAsync("t");
        Assert.NotEqual(first.Id, second.Id);
        Assert.Equal(BrokerError.UnknownTopicOrPartition, (await broker.AppendAsync(old, ["late"])).Error);
        Assert.Empty(EngineFixture.ReadAll(second.Partitions[0]));
        await broker.CrashAsync();
        Assert.Equal(second.Id, broker.Engine.FindTopic("t")!.Id);
        Assert.Empty(EngineFixture.ReadAll(broker.Partition("t")));
    }

    [Fact]
    public async Task Trimmed_records_stay_gone_and_offsets_go_on()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t");
        PartitionHandle partition = broker.Partition("t");
        for (int i = 0; i < 10; i++)
        {
            await broker.AppendAsync(partition, [$"{i}"]);
        }

        await broker.Engine.TrimAsync(partition, 4, default);
        Assert.Equal(BrokerError.OffsetOutOfRange, partition.Read(3, 1000).Error);
        Assert.Equal(4, EngineFixture.ReadAll(partition)[0].Offset);
        await broker.Engine.TrimAsync(partition, 10, default);
        Assert.Equal(0, partition.Stats().SegmentCount);
        await broker.CrashAsync();
        partition = broker.Partition("t");
        Assert.Equal((10L, 10L), (partition.LogStartOffset, partition.HighWatermark));
        Assert.Equal(10, (await broker.AppendAsync(partition, ["next"])).BaseOffset);
        await Assert.ThrowsAsync<BrokerException>(async () => await broker.Engine.TrimAsync(partition, 12, default));
    }

    [Fact]
    public async Task Reading_by_time_begins_at_the_first_record_of_that_time_or_later()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t");
        PartitionHandle partition = broker.Partition("t");
        string filler = new('x', 3000);
        long[] times = [5000, 1000, 9000, 2000, 9500, 100_000, 50_000];
        foreach (long time in times)
        {
            for (int i = 0; i < 100; i++)
            {
                await broker.AppendAsync(partition, [filler], timestampMs: time + i);
            }
        }

        Assert.Equal(0, partition.OffsetForTimestamp(0));
        Assert.Equal(7, partition.OffsetForTimestamp(5007));
        Assert.Equal(200, partition.OffsetForTimestamp(5100));
        Assert.Equal(400, partition.OffsetForTimestamp(9100));
        Assert.Equal(500, partition.OffsetForTimestamp(9600));
        Assert.Equal(700, partition.OffsetForTimestamp(200_000));
        await broker.CrashAsync();
        Assert.Equal(200, broker.Partition("t").OffsetForTimestamp(5100));
        Assert.Equal(500, broker.Partition("t").OffsetForTimestamp(9600));
    }

    [Fact]
    public async Task Configuration_and_partitions_can_be_changed_and_survive()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t", 2, ("retention.ms", "1234"));
        await broker.Engine.AlterTopicAsync("t", new Dictionary<string, string> { ["segment.bytes"] = "131072" }, ["retention.ms"], default);
        await broker.Engine.AddPartitionsAsync("t", 5, default);
        await broker.CrashAsync();
        TopicInfo topic = broker.Engine.FindTopic("t")!;
        Assert.Equal(5, topic.Partitions.Count);
        Assert.Equal(new Dictionary<string, string> { ["segment.bytes"] = "131072" }, topic.Config);
        Assert.Equal(131072, topic.Settings.SegmentBytes);
        BrokerException wrong = await Assert.ThrowsAsync<BrokerException>(
            async () => await broker.CreateTopicAsync("u", 1, ("retention.ms", "soon")));
        Assert.Contains("retention.ms", wrong.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<BrokerException>(async () => await broker.CreateTopicAsync("../x"));
    }

    [Fact]
    public async Task A_topic_keeps_as_plain_numbers_what_was_set_with_units()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t", 1, ("retention.ms", "7d"), ("segment.bytes", "64 MiB"));
        await broker.Engine.AlterTopicAsync("t", new Dictionary<string, string> { ["segment.ms"] = "12h" }, [], default);
        await broker.CrashAsync();
        TopicInfo topic = broker.Engine.FindTopic("t")!;
        Assert.Equal(
            new Dictionary<string, string> { ["retention.ms"] = "604800000", ["segment.bytes"] = "67108864", ["segment.ms"] = "43200000" },
            topic.Config);
        Assert.Equal(43_200_000, topic.Settings.SegmentMs);
    }

    [Fact]
    public async Task A_second_engine_on_the_same_directory_is_refused()
    {
        await using var broker = new EngineFixture();
        var refused = Assert.ThrowsAny<Broker.Storage.StorageException>(
            () => BrokerEngine.Open(EngineFixture.Options(broker.DataDirectory), TimeProvider.System));
        Assert.Contains("in use", refused.Message, StringComparison.Ordinal);
    }
}
