using Broker.Engine.Inspection;
using Broker.Engine.State;
using Broker.Engine.Topics;
using Broker.Storage;
using Broker.Storage.Journal;

namespace Broker.Tests.Engine;

/// <summary>What recovery makes of files that are not as they were written.</summary>
public sealed class DamageTests
{
    [Fact]
    public async Task A_cut_off_write_at_the_end_is_cut_and_reported_and_everything_before_it_is_there()
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 20);
        await broker.CrashAsync(directory =>
        {
            // A frame that continues the chain, of which only the header has reached the disk.
            FrameInfo last = LastFrame(directory);
            string path = Path.Combine(directory, "journal", last.File);
            byte[] header = File.ReadAllBytes(path)[(int)last.Position..][..JournalFormat.FrameHeaderBytes];
            header.AsSpan(JournalFormat.FrameCrcAt, 4).CopyTo(header.AsSpan(JournalFormat.FramePreviousCrcAt));
            using FileStream file = File.OpenWrite(path);
            file.Position = JournalFormat.AlignBlock(last.Position + last.SizeBytes);
            file.Write(header);
        });
        Assert.NotNull(broker.Engine.Recovery.TornTail);
        Assert.Equal(20, EngineFixture.ReadAll(broker.Partition("t")).Count);
        await broker.CrashAsync();
        Assert.Null(broker.Engine.Recovery.TornTail);
        Assert.Equal(20, EngineFixture.ReadAll(broker.Partition("t")).Count);
    }

    [Fact]
    public async Task A_damaged_frame_below_a_mark_refuses_to_start_and_changes_no_byte()
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 20);
        await Task.Delay(200);
        FrameInfo damaged = default!;
        byte[] before = [];
        string journal = "";
        var refused = await Assert.ThrowsAsync<CorruptLogException>(() => broker.CrashAsync(directory =>
        {
            damaged = Frames(directory).Where(f => f.Kind == "append").ElementAt(10);
            journal = Path.Combine(directory, "journal", damaged.File);
            Flip(journal, damaged.Position + JournalFormat.FrameHeaderBytes + 2);
            before = File.ReadAllBytes(journal);
        }));
        Assert.Contains(damaged.File, refused.Message, StringComparison.Ordinal);
        Assert.Equal(damaged.Position, refused.Position);
        Assert.Equal(before, await File.ReadAllBytesAsync(journal));
    }

    [Fact]
    public async Task A_segment_that_knows_more_than_the_journal_refuses_to_start()
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 20);
        var refused = await Assert.ThrowsAsync<CorruptLogException>(() => broker.CrashAsync(directory =>
        {
            foreach (string file in Directory.GetFiles(Path.Combine(directory, "journal")))
            {
                using FileStream journal = File.OpenWrite(file);
                journal.Write(new byte[journal.Length]);
            }
        }));
        Assert.NotNull(refused);
    }

    [Theory]
    [InlineData("rocksdb")]
    [InlineData("state")]
    public async Task Either_copy_of_the_state_may_be_lost(string folder)
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 20);
        await broker.RestartAsync();
        await FillMoreAsync(broker, 5);
        await broker.CrashAsync(directory => Directory.Delete(Path.Combine(directory, folder), recursive: true));
        Assert.Equal(25, EngineFixture.ReadAll(broker.Partition("t")).Count);
        await EventuallyAsync(() => broker.Engine.Notes.All.Count > 0);
        await broker.CrashAsync();
        Assert.Equal(25, EngineFixture.ReadAll(broker.Partition("t")).Count);
    }

    [Theory]
    [InlineData("CURRENT")]
    [InlineData("MANIFEST-*")]
    [InlineData("*.sst")]
    public async Task A_damaged_file_of_RocksDB_costs_nothing(string pattern)
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 20);
        await broker.RestartAsync();
        await broker.CrashAsync(directory =>
        {
            foreach (string file in Directory.GetFiles(Path.Combine(directory, "rocksdb"), pattern))
            {
                File.WriteAllBytes(file, new byte[new FileInfo(file).Length / 2]);
            }
        });
        Assert.Equal(20, EngineFixture.ReadAll(broker.Partition("t")).Count);
    }

    [Fact]
    public async Task A_lost_or_damaged_index_changes_no_answer()
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 200, size: 3000);
        await broker.RestartAsync();
        List<(long, string)> expected = EngineFixture.ReadAll(broker.Partition("t"), from: 77);
        long byTime = broker.Partition("t").OffsetForTimestamp(1000 + 150);
        await broker.CrashAsync(directory =>
        {
            string[] indexes = Directory.GetFiles(Path.Combine(directory, "topics"), "*.index", SearchOption.AllDirectories);
            Assert.NotEmpty(indexes);
            File.Delete(indexes[0]);
            foreach (string index in indexes.Skip(1))
            {
                Flip(index, new FileInfo(index).Length / 2);
            }
        });
        Assert.Equal(expected, EngineFixture.ReadAll(broker.Partition("t"), from: 77));
        Assert.Equal(byTime, broker.Partition("t").OffsetForTimestamp(1000 + 150));
    }

    [Fact]
    public async Task A_journal_of_a_newer_format_is_refused_by_version()
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 20);
        var refused = await Assert.ThrowsAnyAsync<StorageException>(() => broker.CrashAsync(directory =>
        {
            string path = Directory.GetFiles(Path.Combine(directory, "state"), "*.snapshot").Single();
            byte[] bytes = File.ReadAllBytes(path);
            bytes[SnapshotLog.VersionAt] = 9;
            int size = BitConverter.ToInt32(bytes, SnapshotLog.SizeAt);
            uint crc = Broker.Records.Crc32C.Compute(bytes.AsSpan(SnapshotLog.VersionAt, size - SnapshotLog.VersionAt));
            BitConverter.GetBytes(crc).CopyTo(bytes, SnapshotLog.CrcAt);
            File.WriteAllBytes(path, bytes);
        }));
        Assert.Contains("version 9", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verification_counts_what_only_the_journal_knows_yet()
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 3);
        await broker.CreateTopicAsync("u");
        await broker.CrashAsync(directory =>
        {
            using DataDirectory data = DataDirectory.Open(directory);
            VerifyResult result = data.Verify(null);
            Assert.Equal((2, 3L), (result.TopicCount, result.RecordCount));
        });
    }

    [Fact]
    public async Task Verification_finds_nothing_in_a_sound_directory_and_names_a_flipped_bit()
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 200, size: 3000);
        await broker.RestartAsync();
        await broker.CrashAsync(directory =>
        {
            using DataDirectory data = DataDirectory.Open(directory);
            VerifyResult sound = data.Verify(null);
            Assert.Empty(sound.Problems);
            Assert.Equal(200, sound.RecordCount);
            SegmentInfo segment = data.Segments()[0];
            Flip(segment.Path, 5000);
            VerifyResult damaged = data.Verify(null);
            Assert.Equal(segment.Path, Assert.Single(damaged.Problems).Path);
            Flip(segment.Path, 5000);
        });
    }

    [Theory]
    [InlineData("removed")]
    [InlineData("cut in half")]
    [InlineData("last groups zeroed")]
    public async Task Verification_finds_that_the_journal_has_lost_what_was_durable(string damage)
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 30);
        StorageException refused = await Assert.ThrowsAnyAsync<StorageException>(() => broker.CrashAsync(directory =>
        {
            FrameInfo[] frames = Frames(directory);
            string path = Path.Combine(directory, "journal", frames[^1].File);
            byte[] bytes = File.ReadAllBytes(path);
            switch (damage)
            {
                case "removed":
                    File.Delete(path);
                    break;
                case "cut in half":
                    File.WriteAllBytes(path, bytes[..(int)(frames[frames.Length / 2].Position / 4096 * 4096)]);
                    break;
                default:
                    bytes.AsSpan((int)frames.Last(f => f.Kind == "append").Position).Clear();
                    File.WriteAllBytes(path, bytes);
                    break;
            }

            Problem problem = Assert.Single(Verify(directory).Problems);
            Assert.Contains("lost entries that were durable", problem.Description, StringComparison.Ordinal);
        }));
        Assert.Contains("lost entries that were durable", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>The end of the journal that is lost begins where a segment was begun: nothing behind the last known one shows it.</summary>
    [Fact]
    public async Task A_segment_that_the_journal_does_not_know_any_more_is_never_written_over()
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 3, size: 120_000);
        string? kept = null;
        await Assert.ThrowsAnyAsync<StorageException>(() => broker.CrashAsync(directory =>
        {
            FrameInfo third = Frames(directory).Last(f => f.Kind == "append");
            string[] segments = [.. Directory.GetFiles(Path.Combine(directory, "topics"), "*.log", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
            Assert.Equal(2, segments.Length);
            kept = segments[^1];
            string path = Path.Combine(directory, "journal", third.File);
            byte[] bytes = File.ReadAllBytes(path);
            bytes.AsSpan((int)third.Position).Clear();
            File.WriteAllBytes(path, bytes);
            Assert.Equal(kept, Assert.Single(Verify(directory).Problems).Path);
        }));
        Assert.True(File.Exists(kept));
    }

    [Fact]
    public async Task Verification_counts_on_the_journal_only_where_that_is_intact()
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 5, size: 1000);
        await broker.CrashAsync(directory =>
        {
            SegmentInfo segment;
            using (DataDirectory data = DataDirectory.Open(directory))
            {
                segment = data.Segments().Single();
            }

            long third = segment.EndPosition * 2 / 5;
            Flip(segment.Path, third + 500);
            VerifyResult oneCopy = Verify(directory);
            Assert.Empty(oneCopy.Problems);
            Assert.Equal(5, oneCopy.RecordCount);
            FrameInfo frame = Frames(directory).Where(f => f.Kind == "append").ElementAt(2);
            string journal = Path.Combine(directory, "journal", frame.File);
            Flip(journal, frame.Position + 600);
            Problem problem = Assert.Single(Verify(directory).Problems);
            Assert.Equal((segment.Path, third), (problem.Path, problem.Position));
        });
        Assert.True(broker.Partition("t").IsQuarantined);
    }

    [Fact]
    public async Task Verification_takes_the_state_from_the_copy_that_is_left()
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 200, size: 3000);
        await broker.RestartAsync();
        await broker.CrashAsync(directory =>
        {
            Array.ForEach(Directory.GetFiles(Path.Combine(directory, "state")), File.Delete);
            VerifyResult result = Verify(directory);
            Assert.Empty(result.Problems);
            Assert.Equal(200, result.RecordCount);
        });
        Assert.Equal(200, EngineFixture.ReadAll(broker.Partition("t")).Count);
    }

    [Fact]
    public async Task Verification_goes_on_behind_a_damaged_journal()
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker, 200, size: 3000);
        await broker.RestartAsync();
        await FillMoreAsync(broker, 20);
        await Assert.ThrowsAnyAsync<StorageException>(() => broker.CrashAsync(directory =>
        {
            FrameInfo frame = Frames(directory).Where(f => f.Kind == "append").ElementAt(^10);
            string journal = Path.Combine(directory, "journal", frame.File);
            Flip(journal, frame.Position + 9);
            string segment = Directory.GetFiles(Path.Combine(directory, "topics"), "*.log", SearchOption.AllDirectories).Order(StringComparer.Ordinal).First();
            Flip(segment, 5000);
            Assert.Equal([journal, segment], Verify(directory).Problems.Select(p => p.Path));
        }));
    }

    private static VerifyResult Verify(string directory)
    {
        using DataDirectory data = DataDirectory.Open(directory);
        return data.Verify(progress: null);
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        for (int i = 0; i < 200 && !condition(); i++)
        {
            await Task.Delay(25);
        }

        Assert.True(condition());
    }

    private static async Task FillAsync(EngineFixture broker, int count, int size = 200)
    {
        await broker.CreateTopicAsync("t");
        await FillMoreAsync(broker, count, size);
    }

    private static async Task FillMoreAsync(EngineFixture broker, int count, int size = 200)
    {
        PartitionHandle partition = broker.Partition("t");
        for (int i = 0; i < count; i++)
        {
            await broker.AppendAsync(partition, [$"{i:D6}" + new string('x', size)], timestampMs: 1000 + i);
        }
    }

    private static FrameInfo[] Frames(string directory)
    {
        using DataDirectory data = DataDirectory.Open(directory);
        return [.. data.Frames()];
    }

    private static FrameInfo LastFrame(string directory) => Frames(directory).MaxBy(f => (f.File, f.Position))!;

    private static void Flip(string path, long position)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.ReadWrite);
        file.Position = position;
        int value = file.ReadByte();
        file.Position = position;
        file.WriteByte((byte)(value ^ 0x10));
    }
}
