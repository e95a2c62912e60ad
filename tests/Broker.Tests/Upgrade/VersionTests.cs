using static System.Buffers.Binary.BinaryPrimitives;
using Broker.Engine;
using Broker.Engine.Entries;
using Broker.Engine.State;
using Broker.Records;
using Broker.Storage;
using Broker.Storage.Journal;
using Broker.Storage.Segments;

namespace Broker.Tests.Upgrade;

/// <summary>What a broker makes of files that a newer one has written: it names file and version, and changes nothing.</summary>
public sealed class VersionTests
{
    private static string Name => GoldenDirectory.Names.Last(n => GoldenDirectory.ReadContent(n).Formats.SequenceEqual(GoldenDirectory.FormatsNow));

    [Fact]
    public void A_newer_snapshot_is_refused_by_name_and_version() => AssertRefused(
        "state", "snapshot format", SnapshotLog.Version + 1, file =>
        {
            WriteUInt16LittleEndian(file.AsSpan(SnapshotLog.VersionAt), SnapshotLog.Version + 1);
            int size = ReadInt32LittleEndian(file.AsSpan(SnapshotLog.SizeAt));
            WriteUInt32LittleEndian(file.AsSpan(SnapshotLog.CrcAt), Crc32C.Compute(file.AsSpan(SnapshotLog.VersionAt, size - SnapshotLog.VersionAt)));
            return true;
        });

    [Fact]
    public void A_newer_journal_file_is_refused_by_name_and_version() => AssertRefused(
        "journal", "journal format", (int)JournalFormat.Version + 1, file =>
        {
            WriteUInt32LittleEndian(file.AsSpan(JournalFormat.FileVersionAt), JournalFormat.Version + 1);
            WriteUInt32LittleEndian(file.AsSpan(JournalFormat.FileCrcAt), JournalFormat.FileHeaderCrc(file));
            return true;
        });

    [Fact]
    public void A_newer_batch_in_the_journal_is_refused_by_name_and_version() => AssertRefused(
        "journal", "stored batch", StoredBatch.CurrentVersion + 1, RaiseLastBatch);

    [Fact]
    public async Task Index_blocks_of_a_newer_version_are_ignored_and_change_no_answer()
    {
        using var golden = new GoldenDirectory(Name);
        string topics = Path.Combine(golden.DataDirectory, "topics");
        string[] indexes = Directory.GetFiles(topics, "*.index", SearchOption.AllDirectories);
        Assert.NotEmpty(indexes);
        foreach (string path in indexes)
        {
            byte[] file = await File.ReadAllBytesAsync(path);
            WriteUInt16LittleEndian(file.AsSpan(IndexFile.VersionAt), IndexFile.Version + 1);
            int size = IndexFile.BlockHeaderBytes + (ReadInt32LittleEndian(file.AsSpan(IndexFile.CountAt)) * IndexFile.EntryBytes);
            string directory = Path.GetDirectoryName(path)!;
            uint seed = Crc32C.Append(
                StoredBatch.PrefixSeed(new TopicId(Guid.Parse(Path.GetFileName(Path.GetDirectoryName(directory)!))), int.Parse(Path.GetFileName(directory))),
                BitConverter.GetBytes(long.Parse(Path.GetFileNameWithoutExtension(path))));
            WriteUInt32LittleEndian(file.AsSpan(IndexFile.CrcAt), Crc32C.Append(seed, file.AsSpan(IndexFile.VersionAt, size - IndexFile.VersionAt)));
            await File.WriteAllBytesAsync(path, file);
        }

        await using BrokerEngine engine = golden.Open();
        Assert.Equal(golden.Content.Partitions, engine.Topics.SelectMany(t => t.Partitions).Select(p => ContentHash.Of(p)));
    }

    /// <summary>Gives the newest batch that the journal's last file holds another version, as a newer broker would write it.</summary>
    private static bool RaiseLastBatch(byte[] file)
    {
        long number = ReadInt64LittleEndian(file.AsSpan(JournalFormat.FileNumberAt));
        int found = -1;
        for (int at = JournalFormat.BlockBytes;
            at + JournalFormat.FrameHeaderBytes < file.Length && JournalFrame.TryOpen(file.AsSpan(at), number, out JournalFrame frame);)
        {
            found = frame.Kind == (byte)EntryKind.Append ? at : found;
            int next = at + JournalFormat.AlignFrame(frame.SizeBytes);
            at = frame.IsGroupLast ? (int)JournalFormat.AlignBlock(next) : next;
        }

        if (found < 0)
        {
            return false;
        }

        Span<byte> bytes = file.AsSpan(found);
        var head = new AppendHead(bytes[JournalFormat.FrameHeaderBytes..]);
        Span<byte> batch = bytes[(JournalFormat.FrameHeaderBytes + AppendHead.SizeBytes)..];
        batch[StoredBatchLayout.VersionAt] = StoredBatch.CurrentVersion + 1;
        WriteUInt32LittleEndian(batch, StoredBatch.PrefixCrc(batch, StoredBatch.PrefixSeed(head.TopicId, head.Partition)));
        int covered = ReadInt32LittleEndian(bytes[JournalFormat.FrameCoveredAt..]);
        uint crc = Crc32C.Append(
            JournalFormat.FrameSeed(number, ReadUInt32LittleEndian(bytes[JournalFormat.FramePreviousCrcAt..])),
            bytes[JournalFormat.FrameSizeAt..(JournalFormat.FrameHeaderBytes + covered)]);
        WriteUInt32LittleEndian(bytes[JournalFormat.FrameCrcAt..], crc);
        return true;
    }

    private static void AssertRefused(string folder, string format, int version, Func<byte[], bool> raise)
    {
        using var golden = new GoldenDirectory(Name);
        string[] files = [.. Directory.GetFiles(Path.Combine(golden.DataDirectory, folder)).Order(StringComparer.Ordinal)];
        string? raised = null;
        foreach (string path in files.Reverse())
        {
            byte[] bytes = File.ReadAllBytes(path);
            // A file that was made ready and not written to bears an earlier number, or none.
            bool isWritten = folder != "journal"
                || ReadInt64LittleEndian(bytes.AsSpan(JournalFormat.FileNumberAt)) == JournalFormat.NumberOf(path);
            if (isWritten && raise(bytes))
            {
                File.WriteAllBytes(path, bytes);
                raised = path;
                break;
            }
        }

        Assert.NotNull(raised);
        byte[][] before = [.. files.Select(File.ReadAllBytes)];
        var refused = Assert.Throws<UnsupportedFormatException>(golden.Open);
        Assert.Contains(raised, refused.Message, StringComparison.Ordinal);
        Assert.Contains($"{format} version {version}", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"up to version {version - 1}", refused.Message, StringComparison.Ordinal);
        Assert.Equal(before, files.Select(File.ReadAllBytes));
    }
}
