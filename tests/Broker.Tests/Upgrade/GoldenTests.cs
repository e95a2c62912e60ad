using static System.Buffers.Binary.BinaryPrimitives;
using Broker.Engine;
using Broker.Engine.Offsets;
using Broker.Engine.Producers;
using Broker.Engine.State;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Records;
using Broker.Storage.Journal;

namespace Broker.Tests.Upgrade;

/// <summary>A data directory of every format version there has been, opened by the code as it is now.</summary>
public sealed class GoldenTests
{
    public static TheoryData<string> Names => [.. GoldenDirectory.Names];

    [Fact]
    public void There_is_a_golden_directory_of_the_formats_as_they_are_now() =>
        Assert.True(
            GoldenDirectory.Names.Any(name => GoldenDirectory.ReadContent(name).Formats.SequenceEqual(GoldenDirectory.FormatsNow)),
            $"No golden directory has the formats {string.Join(", ", GoldenDirectory.FormatsNow)}. Make one with tests/golden NAME; keep the old ones.");

    [Theory]
    [MemberData(nameof(Names))]
    public async Task It_opens_with_exactly_what_it_held_and_once_more_after_that(string name)
    {
        using var golden = new GoldenDirectory(name);
        for (int run = 1; run <= 2; run++)
        {
            BrokerEngine engine = golden.Open();
            await using (engine)
            {
                Assert.Equal(golden.Content.Incarnation + run, engine.Incarnation);
                AssertContent(golden.Content, engine);
                if (run == 1)
                {
                    Assert.True(engine.Recovery.ReplayedEntries >= golden.Content.ReplayedEntriesMin, "the journal's tail is replayed");
                    Assert.NotEmpty(Directory.GetFiles(Path.Combine(golden.DataDirectory, "recycle")));
                }
            }

            // RocksDB, too, was as the snapshot log: closing has waited for it.
            Assert.Empty(engine.Notes.All);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_producer_with_a_name_goes_on_where_it_was(string name)
    {
        using var golden = new GoldenDirectory(name);
        await using BrokerEngine engine = golden.Open();
        foreach (NamedProducer expected in golden.Content.NamedProducers)
        {
            OpenedProducer opened = await engine.OpenProducerAsync(expected.Name, "", default);
            ProducerPosition position = Assert.Single(opened.Positions);
            Assert.Equal(
                expected,
                new NamedProducer(expected.Name, opened.Identity.Epoch - 1, position.Topic, position.Partition, position.NextSequence, position.LastOffset));
        }

        Assert.Equal(
            golden.Content.NamedProducers.Count + golden.Content.LastCommits.Count,
            (await engine.ListProducersAsync(afterId: 0, countMax: 1000, isNamed: true, default)).Count);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task A_batch_that_its_producer_sends_again_gets_its_first_offset_and_the_next_one_is_appended(string name)
    {
        using var golden = new GoldenDirectory(name);
        await using BrokerEngine engine = golden.Open();
        Assert.NotEmpty(golden.Content.LastBatches);
        foreach (LastBatch last in golden.Content.LastBatches)
        {
            PartitionHandle partition = engine.FindTopic(last.Topic)!.Partitions[last.Partition];
            long end = partition.HighWatermark;
            AppendDecision again = await AppendAsync(engine, partition, last, last.FirstSequence, last.RecordCount);
            Assert.Equal((BrokerError.None, true, last.BaseOffset), (again.Error, again.Duplicate, again.BaseOffset));
            Assert.Equal(end, partition.HighWatermark);
            AppendDecision next = await AppendAsync(engine, partition, last, last.FirstSequence + last.RecordCount, records: 3);
            Assert.Equal((BrokerError.None, false, end), (next.Error, next.Duplicate, next.BaseOffset));
            Assert.Equal(end + 3, partition.HighWatermark);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Once_it_was_written_to_its_files_bear_the_versions_that_an_older_broker_refuses_by_name(string name)
    {
        using var golden = new GoldenDirectory(name);
        await using (BrokerEngine engine = golden.Open())
        {
            LastBatch last = golden.Content.LastBatches[0];
            PartitionHandle partition = engine.FindTopic(last.Topic)!.Partitions[last.Partition];
            await AppendAsync(engine, partition, last, last.FirstSequence + last.RecordCount, records: 1);
        }

        // Which version of them is refused, VersionTests show.
        string[] journal = Directory.GetFiles(Path.Combine(golden.DataDirectory, "journal"));
        Assert.Equal(JournalFormat.Version, journal.Max(path => JournalVersion(File.ReadAllBytes(path))));
        string snapshot = Assert.Single(Directory.GetFiles(Path.Combine(golden.DataDirectory, "state")));
        Assert.Equal(SnapshotLog.Version, SnapshotVersions(await File.ReadAllBytesAsync(snapshot)).Max());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task The_newest_transactions_and_the_offsets_of_groups_are_known(string name)
    {
        using var golden = new GoldenDirectory(name);
        await using BrokerEngine engine = golden.Open();
        foreach (LastCommit expected in golden.Content.LastCommits)
        {
            TransactionDescription described = await engine.DescribeTransactionsAsync(expected.Producer, default);
            Assert.Equal(expected.CommitTimeMs, described.Committed!.CommitTimeMs);
            Assert.Equal(
                expected.Places,
                described.Committed.Partitions.Select(place => new CommitPlace(
                    engine.FindPartition(place.TopicId, place.Partition)!.TopicName, place.Partition, place.BaseOffset, place.RecordCount)));
        }

        foreach (IGrouping<string, GroupPosition> group in golden.Content.Offsets.GroupBy(offset => offset.Group))
        {
            IReadOnlyList<GroupOffset> offsets = await engine.FetchOffsetsAsync(group.Key, default);
            Assert.Equal(group, offsets.Select(offset => new GroupPosition(group.Key, offset.Topic, offset.Partition, offset.Offset)));
        }
    }

    private static void AssertContent(GoldenContent expected, BrokerEngine engine)
    {
        Assert.Equal(expected.Topics.Select(t => t.Name), engine.Topics.Select(t => t.Name));
        foreach (TopicContent topic in expected.Topics)
        {
            TopicInfo found = engine.FindTopic(topic.Name)!;
            Assert.Equal(topic.PartitionCount, found.Partitions.Count);
            Assert.Equal(topic.Config.OrderBy(c => c.Key), found.Config.OrderBy(c => c.Key));
        }

        Assert.All(expected.DeletedTopics, topic => Assert.Null(engine.FindTopic(topic)));
        Assert.Equal(expected.Partitions, engine.Topics.SelectMany(t => t.Partitions).Select(p => ContentHash.Of(p)));
    }

    private static async Task<AppendDecision> AppendAsync(
        BrokerEngine engine, PartitionHandle partition, LastBatch producer, long sequence, int records)
    {
        using var writer = new BatchWriter(Codec.None);
        for (int i = 0; i < records; i++)
        {
            writer.Append(1000, OptionalBytes.Null, "again"u8, []);
        }

        PooledBuffer batch = writer.Finish(partition.TopicId, partition.Partition, producer.ProducerId, producer.Epoch, sequence);
        AppendDecision decision = engine.Append(partition, batch.Memory, batch, Broker.Engine.Durability.Durable);
        batch.Release();
        await engine.Progress.WaitVisibleAsync(decision.Lsn, default);
        return decision;
    }

    private static uint JournalVersion(ReadOnlySpan<byte> file) =>
        ReadUInt64LittleEndian(file) == JournalFormat.FileMagic ? ReadUInt32LittleEndian(file[JournalFormat.FileVersionAt..]) : 0;

    private static List<ushort> SnapshotVersions(ReadOnlySpan<byte> file)
    {
        var versions = new List<ushort>();
        while (file.Length > 0)
        {
            versions.Add(ReadUInt16LittleEndian(file[SnapshotLog.VersionAt..]));
            file = file[ReadInt32LittleEndian(file[SnapshotLog.SizeAt..])..];
        }

        return versions;
    }
}
