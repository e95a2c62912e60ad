using Broker.Engine.Entries;
using Broker.Engine.State;
using Broker.Storage.Journal;
using Broker.Storage.Segments;
using Broker.Tests.Tidy;

namespace Broker.Tests.Storage;

/// <summary>The tables of docs/format.md on journal, index and snapshot log say what the constants say.</summary>
public sealed class StorageFormatDocumentTests
{
    public static TheoryData<string, (string Name, int At)[]> Tables => new()
    {
        {
            "file header",
            [
                ("magic", JournalFormat.FileMagicAt), ("version", JournalFormat.FileVersionAt), ("crc", JournalFormat.FileCrcAt),
                ("number", JournalFormat.FileNumberAt), ("incarnation", JournalFormat.FileIncarnationAt),
                ("first_lsn", JournalFormat.FileFirstLsnAt), ("previous_number", JournalFormat.FilePreviousNumberAt),
                ("previous_frame_crc", JournalFormat.FilePreviousFrameCrcAt), ("reserved", JournalFormat.FileReservedAt),
                ("end", JournalFormat.FileHeaderBytes),
            ]
        },
        {
            "frame",
            [
                ("magic", JournalFormat.FrameMagicAt), ("crc", JournalFormat.FrameCrcAt), ("size", JournalFormat.FrameSizeAt),
                ("kind", JournalFormat.FrameKindAt), ("flags", JournalFormat.FrameFlagsAt), ("reserved", JournalFormat.FrameReservedAt),
                ("lsn", JournalFormat.FrameLsnAt), ("durable_up_to", JournalFormat.FrameDurableUpToAt),
                ("covered", JournalFormat.FrameCoveredAt), ("previous_crc", JournalFormat.FramePreviousCrcAt),
                ("end", JournalFormat.FrameHeaderBytes),
            ]
        },
        {
            "append head",
            [
                ("topic_id", AppendHead.TopicIdAt), ("partition", AppendHead.PartitionAt), ("position", AppendHead.PositionAt),
                ("segment_base_offset", AppendHead.SegmentBaseOffsetAt), ("segment_capacity", AppendHead.SegmentCapacityAt),
                ("reserved", AppendHead.ReservedAt), ("end", AppendHead.SizeBytes),
            ]
        },
        {
            "index block",
            [
                ("magic", IndexFile.MagicAt), ("crc", IndexFile.CrcAt), ("version", IndexFile.VersionAt), ("reserved", IndexFile.ReservedAt),
                ("count", IndexFile.CountAt), ("from", IndexFile.FromAt), ("to", IndexFile.ToAt), ("max_timestamp", IndexFile.MaxTimestampAt),
                ("end", IndexFile.BlockHeaderBytes),
            ]
        },
        {
            "index entry",
            [
                ("offset", IndexFile.EntryOffsetAt), ("position", IndexFile.EntryPositionAt), ("timestamp", IndexFile.EntryTimestampAt),
                ("end", IndexFile.EntryBytes),
            ]
        },
        {
            "snapshot record",
            [
                ("magic", SnapshotLog.MagicAt), ("crc", SnapshotLog.CrcAt), ("version", SnapshotLog.VersionAt), ("flags", SnapshotLog.FlagsAt),
                ("size", SnapshotLog.SizeAt), ("count", SnapshotLog.CountAt), ("lsn", SnapshotLog.LsnAt),
                ("previous_crc", SnapshotLog.PreviousCrcAt), ("end", SnapshotLog.HeaderBytes),
            ]
        },
    };

    [Theory]
    [MemberData(nameof(Tables))]
    public void A_table_equals_the_layout_in_the_code(string table, (string Name, int At)[] fields)
    {
        string[][] expected = [.. fields.SkipLast(1).Select((f, i) => new[] { f.Name, $"{f.At}", $"{fields[i + 1].At - f.At}" })];
        Assert.Equal(expected, Rows($"| {table} | at | size | meaning |").Select(row => row[..3]));
    }

    [Fact]
    public void The_kinds_of_entries_have_the_numbers_that_are_documented()
    {
        Dictionary<string, string> documented = Rows("| kind | number | body |").ToDictionary(row => row[0], row => row[1]);
        Assert.Equal($"{JournalFormat.MarkKind}", documented["mark"]);
        foreach (EntryKind kind in Enum.GetValues<EntryKind>())
        {
            string name = string.Concat(kind.ToString().Select((c, i) => char.IsUpper(c) && i > 0 ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
            Assert.Equal($"{(byte)kind}", documented[name]);
        }
    }

    [Fact]
    public void Magic_numbers_read_as_text()
    {
        Assert.Equal("BRKJRNL1"u8.ToArray(), BitConverter.GetBytes(JournalFormat.FileMagic));
        Assert.Equal("BFRM"u8.ToArray(), BitConverter.GetBytes(JournalFormat.FrameMagic));
        Assert.Equal("BIDX"u8.ToArray(), BitConverter.GetBytes(IndexFile.Magic));
        Assert.Equal("BSNP"u8.ToArray(), BitConverter.GetBytes(SnapshotLog.Magic));
    }

    private static string[][] Rows(string head)
    {
        string[][] rows = [.. File.ReadLines(Path.Combine(Repository.Root, "docs/format.md"))
            .SkipWhile(line => line != head)
            .Skip(2)
            .TakeWhile(line => line.StartsWith('|'))
            .Select(line => line.Trim('|').Split('|').Select(cell => cell.Trim()).ToArray())];
        Assert.NotEmpty(rows);
        return rows;
    }
}
