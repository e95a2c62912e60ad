using Broker.Engine;
using Broker.Engine.Inspection;
using Broker.Engine.Producers;
using Broker.Storage;

namespace Broker.Tests.Engine;

/// <summary>A damaged journal keeps a broker from starting. What an operator may do then, and what is kept.</summary>
public sealed class JournalRepairTests
{
    [Theory]
    [InlineData("a flipped bit")]
    [InlineData("a lost file")]
    [InlineData("a file cut in half")]
    public async Task What_lost_entries_have_written_to_segments_is_kept_and_the_broker_goes_on(string damage)
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t", partitions: 2);
        ProducerIdentity producer = await broker.Engine.InitProducerAsync("", default);
        await broker.RestartAsync();
        for (int i = 0; i < 150; i++)
        {
            await broker.AppendAsync(broker.Partition("t", i % 2), [$"{i}-{new string('x', 4000)}"], producer.Id, 0, sequence: i / 2);
        }

        long incarnation = broker.Engine.Incarnation;
        List<(long, string)>[] before = [EngineFixture.ReadAll(broker.Partition("t", 0)), EngineFixture.ReadAll(broker.Partition("t", 1))];
        await Assert.ThrowsAnyAsync<StorageException>(() => broker.CrashAsync(directory => Damage(directory, damage)));

        RepairResult waiting = await RepairAsync(broker, acceptLoss: false);
        Assert.False(waiting.IsSettled);
        Assert.Contains("--accept-loss", waiting.Journal!.ToString(), StringComparison.Ordinal);
        Assert.ThrowsAny<StorageException>(() => BrokerEngine.Open(EngineFixture.Options(broker.DataDirectory), TimeProvider.System));
        RepairResult repaired = await RepairAsync(broker, acceptLoss: true);
        Assert.True(repaired.IsSettled);
        SalvageReport salvage = repaired.Journal!.Salvage!;
        Assert.True(salvage.RecordCount > 0 && salvage.LostEntryCount >= salvage.BatchCount, salvage.ToString());
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(broker.DataDirectory, "quarantine"), "*.journal"));

        await broker.StopAndAsync(directory =>
        {
            using DataDirectory data = DataDirectory.Open(directory);
            VerifyResult verified = data.Verify(progress: null);
            Assert.Empty(verified.Problems);
            Assert.Equal(150, verified.RecordCount);
            return Task.CompletedTask;
        });
        Assert.Equal(before[0], EngineFixture.ReadAll(broker.Partition("t", 0)));
        Assert.Equal(before[1], EngineFixture.ReadAll(broker.Partition("t", 1)));
        Assert.True(broker.Engine.Incarnation > incarnation);
        AppendDecision repeated = await broker.AppendAsync(broker.Partition("t", 1), [$"149-{new string('x', 4000)}"], producer.Id, 0, sequence: 74);
        Assert.Equal((true, 74L), (repeated.Duplicate, repeated.BaseOffset));
        Assert.Equal(75, (await broker.AppendAsync(broker.Partition("t"), ["next"], producer.Id, 0, sequence: 75)).BaseOffset);
        Assert.True((await broker.Engine.InitProducerAsync("", default)).Id > producer.Id);
        await broker.CrashAsync();
        Assert.Equal(76, EngineFixture.ReadAll(broker.Partition("t")).Count);
        Assert.Contains("given up: the journal behind entry", File.ReadAllText(Path.Combine(broker.DataDirectory, Repair.LogName)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_only_lost_entries_told_is_as_before_and_named()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t");
        await broker.AppendAsync(broker.Partition("t"), ["a"]);
        await broker.AppendAsync(broker.Partition("t"), ["b"]);
        string orphan = (await broker.CreateTopicAsync("late")).Id.ToString();
        await broker.AppendAsync(broker.Partition("late"), ["c"]);
        ProducerIdentity lost = await broker.Engine.InitProducerAsync("", default);
        await Assert.ThrowsAnyAsync<StorageException>(() => broker.CrashAsync(directory =>
        {
            FrameInfo second = Frames(directory).Where(f => f.Kind == "append").ElementAt(1);
            Flip(Path.Combine(directory, "journal", second.File), second.Position + 8);
        }));

        RepairResult repaired = await RepairAsync(broker, acceptLoss: true);
        Assert.Equal(1, repaired.Journal!.Salvage!.RecordCount);
        Assert.EndsWith(orphan, Assert.Single(repaired.Journal.Salvage.OrphanDirectories), StringComparison.Ordinal);
        await broker.RestartAsync();
        Assert.Equal(["a", "b"], EngineFixture.ReadAll(broker.Partition("t")).Select(r => r.Value));
        Assert.Null(broker.Engine.FindTopic("late"));
        Assert.True(Directory.Exists(Path.Combine(broker.DataDirectory, "topics", orphan)));
        Assert.True((await broker.Engine.InitProducerAsync("", default)).Id > lost.Id);
    }

    /// <summary>Nothing of the journal tells how far it had come: only what stands in the segments does.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task When_the_end_of_the_journal_is_gone_the_next_start_takes_nothing_for_newer_than_it(bool isTorn)
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t");
        OpenedProducer named = await broker.Engine.OpenProducerAsync("importer", "", default);
        await broker.RestartAsync();
        await broker.Engine.OpenProducerAsync("importer", "", default);
        await broker.CreateTopicAsync("late");
        for (int i = 0; i < 20; i++)
        {
            await broker.AppendAsync(broker.Partition("late"), [$"{i}"]);
            await broker.AppendAsync(broker.Partition("t"), [$"{i}-{new string('x', 500)}"]);
        }

        string torn = broker.Partition("t").Log.Segments[^1].LogPath;
        await Assert.ThrowsAnyAsync<StorageException>(() => broker.CrashAsync(directory =>
        {
            string written = Frames(directory).Last(f => f.Kind == "append").File;
            File.Delete(Path.Combine(directory, "journal", written));
            if (isTorn)
            {
                string path = Directory.GetFiles(directory, Path.GetFileName(torn), SearchOption.AllDirectories)
                    .Single(p => p.Contains(Path.GetFileName(Path.GetDirectoryName(Path.GetDirectoryName(torn))!), StringComparison.Ordinal));
                Flip(path, 300);
            }
        }));

        RepairResult repaired = await RepairAsync(broker, acceptLoss: true);
        Assert.Equal(isTorn ? 0 : 20, repaired.Journal!.Salvage!.RecordCount);
        Assert.Single(repaired.Journal.Salvage.OrphanDirectories);
        await broker.RestartAsync();
        Assert.Equal(isTorn ? 0 : 20, EngineFixture.ReadAll(broker.Partition("t")).Count);
        await broker.AppendAsync(broker.Partition("t"), ["next"]);
        await broker.CrashAsync();

        // What a lost entry may have given is not given again: whoever held it is refused.
        OpenedProducer opened = await broker.Engine.OpenProducerAsync("importer", "", default);
        Assert.Equal(named.Identity.Id, opened.Identity.Id);
        Assert.True(opened.Identity.Epoch > 2);
    }

    [Fact]
    public async Task Without_any_state_nothing_is_given_up()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t");
        await broker.AppendAsync(broker.Partition("t"), ["a"]);
        await broker.RestartAsync();
        await Assert.ThrowsAnyAsync<StorageException>(() => broker.CrashAsync(directory =>
        {
            Directory.Delete(Path.Combine(directory, "state"), recursive: true);
            Directory.Delete(Path.Combine(directory, "rocksdb"), recursive: true);
            File.Delete(Directory.GetFiles(Path.Combine(directory, "journal")).Order(StringComparer.Ordinal).First());
        }));

        StorageException refused = await Assert.ThrowsAnyAsync<StorageException>(() => RepairAsync(broker, acceptLoss: true));
        Assert.StartsWith("Neither the state in", refused.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(broker.DataDirectory, "quarantine")));
    }

    private static Task<RepairResult> RepairAsync(EngineFixture broker, bool acceptLoss) =>
        Repair.RunAsync(broker.DataDirectory, acceptLoss, TimeProvider.System, progress: null);

    /// <summary>Of the entries behind the checkpoint, the first half stays.</summary>
    private static void Damage(string directory, string damage)
    {
        long checkpoint = Frames(directory).Where(f => f.Kind == "mark").Select(f => f.Lsn).FirstOrDefault();
        FrameInfo[] frames = [.. Frames(directory).Where(f => f.Lsn > checkpoint && f.Kind == "append")];
        FrameInfo frame = frames[^(frames.Length / 4)];
        string path = Path.Combine(directory, "journal", frame.File);
        switch (damage)
        {
            case "a flipped bit":
                Flip(path, frame.Position + 8);
                break;
            case "a lost file":
                File.Delete(path);
                break;
            default:
                File.WriteAllBytes(path, File.ReadAllBytes(path)[..(int)(frame.Position / 4096 * 4096)]);
                break;
        }
    }

    private static FrameInfo[] Frames(string directory)
    {
        using DataDirectory data = DataDirectory.Open(directory);
        return [.. data.Frames()];
    }

    private static void Flip(string path, long position)
    {
        byte[] bytes = File.ReadAllBytes(path);
        bytes[position] ^= 1;
        File.WriteAllBytes(path, bytes);
    }
}
