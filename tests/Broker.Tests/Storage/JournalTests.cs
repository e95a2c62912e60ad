using Broker.Storage;
using Broker.Storage.Files;
using Broker.Storage.Journal;
using Broker.Storage.Workers;

namespace Broker.Tests.Storage;

/// <summary>The journal alone, on a real directory: what replay makes of every possible end and of every flipped bit.</summary>
public sealed class JournalTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("broker-journal-");
    private readonly PosixDisk _disk = new();

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void Every_entry_of_every_group_is_replayed_in_order_over_several_files()
    {
        Write(fileBytes: 64 << 10, groups: 40, entriesPerGroup: 5, bodyBytes: 700);
        var seen = new Seen();
        ReplayResult result = Replay(seen);
        Assert.Equal(Enumerable.Range(1, 200).Select(i => (long)i), seen.Lsns);
        Assert.Equal(200, result.End.Lsn);
        Assert.True(Directory.GetFiles(_directory.FullName).Length > 2, "more than one file was written");
    }

    /// <summary>A file of 4 MiB is read in parts of 128 KiB.</summary>
    [Fact]
    public void Entries_across_the_parts_in_which_a_file_is_read_and_larger_than_one_are_replayed()
    {
        Write(fileBytes: 4 << 20, groups: 30, entriesPerGroup: 2, bodyBytes: 100_000);
        Write(fileBytes: 4 << 20, groups: 3, entriesPerGroup: 2, bodyBytes: 900_000, after: Replay(new Seen()));
        Write(fileBytes: 4 << 20, groups: 3, entriesPerGroup: 20, bodyBytes: 1000, mark: true, after: Replay(new Seen()));
        var seen = new Seen();
        ReplayResult result = Replay(seen);
        Assert.Equal(Enumerable.Range(1, 126).Select(i => (long)i), seen.Lsns);
        Assert.Equal((126L, null), (result.End.Lsn, result.TornTail));
        Assert.True(Directory.GetFiles(_directory.FullName).Length > 4, "more than one file was written each time");
    }

    [Fact]
    public void Damage_is_told_by_a_mark_many_parts_behind_it()
    {
        Write(fileBytes: 4 << 20, groups: 10, entriesPerGroup: 3, bodyBytes: 100_000, mark: true);
        string path = Directory.GetFiles(_directory.FullName).Order(StringComparer.Ordinal).First();
        byte[] bytes = File.ReadAllBytes(path);
        bytes[500_000] ^= 1;
        File.WriteAllBytes(path, bytes);
        var seen = new Seen();
        Assert.Throws<CorruptLogException>(() => Replay(seen));
        Assert.Equal([1, 2, 3, 4], seen.Lsns);
    }

    [Fact]
    public void A_group_cut_off_at_any_byte_leaves_exactly_the_whole_entries_before_the_cut()
    {
        Write(fileBytes: 64 << 10, groups: 3, entriesPerGroup: 3, bodyBytes: 40);
        string path = Directory.GetFiles(_directory.FullName).Order(StringComparer.Ordinal).First();
        byte[] whole = File.ReadAllBytes(path);
        int groupStart = JournalFormat.BlockBytes * 3;
        int frameBytes = JournalFormat.AlignFrame(JournalFormat.FrameHeaderBytes + 40);
        for (int cut = groupStart; cut <= groupStart + (3 * frameBytes); cut++)
        {
            byte[] torn = (byte[])whole.Clone();
            torn.AsSpan(cut).Clear();
            File.WriteAllBytes(path, torn);
            var seen = new Seen();
            ReplayResult result = Replay(seen);
            int wholeFrames = (cut - groupStart) / frameBytes;
            Assert.Equal(6 + wholeFrames, seen.Lsns.Count);

            // It is seen as begun from its LSN on, without which a header is no sign of a write.
            bool hasBegun = wholeFrames > 0 || cut >= groupStart + JournalFormat.FrameLsnAt + sizeof(long);
            if (hasBegun || cut <= groupStart + JournalFormat.FrameLsnAt)
            {
                Assert.Equal(hasBegun && wholeFrames < 3, result.TornTail is not null);
            }
        }
    }

    [Fact]
    public void Every_flipped_bit_of_an_entry_that_a_mark_vouches_for_is_damage()
    {
        Write(fileBytes: 64 << 10, groups: 2, entriesPerGroup: 2, bodyBytes: 40, mark: true);
        string path = Directory.GetFiles(_directory.FullName).Order(StringComparer.Ordinal).First();
        byte[] whole = File.ReadAllBytes(path);
        int frameBytes = JournalFormat.FrameHeaderBytes + 40;
        foreach (int frame in (int[])[4096, 4096 + JournalFormat.AlignFrame(frameBytes), 8192, 8192 + JournalFormat.AlignFrame(frameBytes)])
        {
            for (int bit = 0; bit < frameBytes * 8; bit++)
            {
                byte[] flipped = (byte[])whole.Clone();
                flipped[frame + (bit / 8)] ^= (byte)(1 << (bit % 8));
                File.WriteAllBytes(path, flipped);
                Assert.Throws<CorruptLogException>(() => Replay(new Seen()));
            }
        }
    }

    [Fact]
    public void Bytes_of_a_recycled_file_never_count()
    {
        Write(fileBytes: 64 << 10, groups: 3, entriesPerGroup: 3, bodyBytes: 40);
        string first = Directory.GetFiles(_directory.FullName).Order(StringComparer.Ordinal).First();
        File.Move(first, Path.Combine(_directory.FullName, JournalFormat.FileName(99)));
        var seen = new Seen();
        Replay(seen);
        Assert.Empty(seen.Lsns);
    }

    [Fact]
    public void A_group_of_another_history_of_the_same_file_ends_the_journal()
    {
        // Same file number, same place, same LSNs and whole in itself: what a disk that brings back an older block shows.
        Write(fileBytes: 64 << 10, groups: 3, entriesPerGroup: 3, bodyBytes: 40);
        string path = Directory.GetFiles(_directory.FullName).Order(StringComparer.Ordinal).First();
        byte[] other = File.ReadAllBytes(path);
        foreach (string file in Directory.GetFiles(_directory.FullName))
        {
            File.Delete(file);
        }

        Write(fileBytes: 64 << 10, groups: 3, entriesPerGroup: 3, bodyBytes: 40, kind: 43);
        byte[] mixed = File.ReadAllBytes(path);
        int secondGroup = 2 * JournalFormat.BlockBytes;
        other.AsSpan(secondGroup, JournalFormat.BlockBytes).CopyTo(mixed.AsSpan(secondGroup));
        File.WriteAllBytes(path, mixed);
        var seen = new Seen(kind: 43);
        Assert.Throws<CorruptLogException>(() => Replay(seen));
        Assert.Equal([1, 2, 3], seen.Lsns);
    }

    [Fact]
    public void What_was_cut_as_torn_is_not_damage_after_its_number_was_given_again()
    {
        Write(fileBytes: 64 << 10, groups: 2, entriesPerGroup: 1, bodyBytes: 40);
        var torn = new Seen { BrokenFill = 2 };
        ReplayResult cut = Replay(torn);
        Assert.Equal([1], torn.Lsns);

        Write(fileBytes: 64 << 10, groups: 2, entriesPerGroup: 1, bodyBytes: 80, mark: true, after: cut);
        var seen = new Seen { BrokenFill = 2 };
        Assert.Equal(3, Replay(seen).End.Lsn);
        Assert.Equal([1, 2, 3], seen.Lsns);
    }

    private ReplayResult Replay(Seen seen)
    {
        using var replay = new JournalReplay(_disk, _directory.FullName, new ThreadWorkers());
        return replay.Read(JournalPosition.Start, seen);
    }

    private void Write(int fileBytes, int groups, int entriesPerGroup, int bodyBytes, bool mark = false, byte kind = 42, ReplayResult? after = null)
    {
        long nextNumber = (after?.HighestFileNumber ?? 0) + 1;
        using var files = new JournalFiles(_disk, new ThreadWorkers(), _directory.FullName, fileBytes, nextNumber, recycledBytesMax: 0);
        files.StartPreparing();
        JournalPosition end = after?.End ?? JournalPosition.Start;
        using var writer = new JournalWriter(files, end, incarnation: 1);
        long lsn = end.Lsn;
        for (int group = 0; group < groups; group++)
        {
            var entries = new List<JournalEntry>();
            for (int i = 0; i < entriesPerGroup; i++)
            {
                entries.Add(new Entry(bodyBytes, (byte)(lsn + 1), kind) { Lsn = ++lsn });
            }

            for (int written = 0; written < entries.Count;)
            {
                written += writer.Write(entries, written);
                writer.Sync();
            }
        }

        if (mark)
        {
            writer.WriteMark();
            writer.Sync();
        }
    }

    private sealed class Entry(int bodyBytes, byte fill, byte kind) : JournalEntry
    {
        private readonly byte[] _body = [.. Enumerable.Repeat(fill, bodyBytes)];

        public override byte Kind => kind;

        public override ReadOnlyMemory<byte> Head => _body;

        public override void Apply() => throw new NotSupportedException();
    }

    private sealed class Seen(byte kind = 42) : IJournalVisitor
    {
        public List<long> Lsns { get; } = [];

        /// <summary>An entry of 40 bytes that holds this one has a body that does not pass its checksum.</summary>
        public int BrokenFill { get; init; } = -1;

        public void CheckVersion(byte kind, ReadOnlySpan<byte> body, string path)
        {
        }

        public bool IsIntact(byte kind, ReadOnlySpan<byte> body) => body[0] != BrokenFill || body.Length != 40;

        public void Replay(byte kindFound, long lsn, ReadOnlySpan<byte> body)
        {
            Assert.Equal(kind, kindFound);
            Assert.Equal(-1, body.IndexOfAnyExcept((byte)lsn));
            Lsns.Add(lsn);
        }

        public void ReplayDamaged(byte kindFound, long lsn, ReadOnlySpan<byte> body) => Assert.Fail("nothing is damaged here");
    }
}
