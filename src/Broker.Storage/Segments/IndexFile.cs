using static System.Buffers.Binary.BinaryPrimitives;
using Broker.Records;
using Broker.Storage.Files;

namespace Broker.Storage.Segments;

/// <summary>
/// The index on disk: a row of checksummed blocks, one for each checkpoint that found new entries. A cache: a block that
/// does not pass is ignored with all after it, and that part of the segment is indexed anew. See docs/format.md.
/// </summary>
internal static class IndexFile
{
    public const string Extension = ".index";

    /// <summary>"BIDX" read as a little-endian integer.</summary>
    public const uint Magic = 0x58444942;
    public const ushort Version = 1;

    public const int MagicAt = 0, CrcAt = MagicAt + 4, VersionAt = CrcAt + 4, ReservedAt = VersionAt + 2, CountAt = ReservedAt + 2,
        FromAt = CountAt + 4, ToAt = FromAt + 4, MaxTimestampAt = ToAt + 4, BlockHeaderBytes = MaxTimestampAt + 8;

    public const int EntryOffsetAt = 0, EntryPositionAt = EntryOffsetAt + 4, EntryTimestampAt = EntryPositionAt + 4,
        EntryBytes = EntryTimestampAt + 8;

    /// <summary>Appends one block.</summary>
    /// <param name="from">The segment's position where the previous block ended.</param>
    /// <param name="to">The position up to which the index now reaches.</param>
    /// <returns>The file's new length.</returns>
    public static long AppendBlock(
        IDiskFile file, long at, uint seed, ReadOnlySpan<IndexEntry> entries, int from, int to, long maxTimestampMs)
    {
        byte[] block = new byte[BlockHeaderBytes + (entries.Length * EntryBytes)];
        WriteUInt32LittleEndian(block.AsSpan(MagicAt), Magic);
        WriteUInt16LittleEndian(block.AsSpan(VersionAt), Version);
        WriteInt32LittleEndian(block.AsSpan(CountAt), entries.Length);
        WriteInt32LittleEndian(block.AsSpan(FromAt), from);
        WriteInt32LittleEndian(block.AsSpan(ToAt), to);
        WriteInt64LittleEndian(block.AsSpan(MaxTimestampAt), maxTimestampMs);
        Span<byte> rest = block.AsSpan(BlockHeaderBytes);
        foreach (IndexEntry entry in entries)
        {
            WriteUInt32LittleEndian(rest[EntryOffsetAt..], entry.RelativeOffset);
            WriteInt32LittleEndian(rest[EntryPositionAt..], entry.Position);
            WriteInt64LittleEndian(rest[EntryTimestampAt..], entry.MaxTimestampBeforeMs);
            rest = rest[EntryBytes..];
        }

        WriteUInt32LittleEndian(block.AsSpan(CrcAt), Crc32C.Append(seed, block.AsSpan(VersionAt)));
        file.Write(at, block);
        return at + block.Length;
    }

    /// <summary>Loads the blocks that are intact, follow one another and stay within the segment.</summary>
    /// <returns>Up to which position the index reaches, and where the next block goes.</returns>
    public static (int CoveredTo, long FileEnd) Load(ReadOnlySpan<byte> bytes, uint seed, int segmentEnd, SegmentIndex into)
    {
        int covered = 0;
        long at = 0;
        while (bytes.Length >= BlockHeaderBytes && ReadUInt32LittleEndian(bytes[MagicAt..]) == Magic)
        {
            int count = ReadInt32LittleEndian(bytes[CountAt..]);
            if (count < 0 || count > (bytes.Length - BlockHeaderBytes) / EntryBytes)
            {
                break;
            }

            int size = BlockHeaderBytes + (count * EntryBytes);
            int from = ReadInt32LittleEndian(bytes[FromAt..]);
            int to = ReadInt32LittleEndian(bytes[ToAt..]);
#if BROKER_MUTANTS
            if (Mutant.Is("trusted-index"))
            {
                // Whatever stands there is believed.
            }
            else
#endif
            if (Crc32C.Append(seed, bytes[VersionAt..size]) != ReadUInt32LittleEndian(bytes[CrcAt..])
                || ReadUInt16LittleEndian(bytes[VersionAt..]) != Version
                || from != covered || to < from || to > segmentEnd)
            {
                break;
            }

            var entries = new IndexEntry[count];
            for (int i = 0; i < count; i++)
            {
                ReadOnlySpan<byte> entry = bytes[(BlockHeaderBytes + (i * EntryBytes))..];
                entries[i] = new IndexEntry(
                    ReadUInt32LittleEndian(entry[EntryOffsetAt..]),
                    ReadInt32LittleEndian(entry[EntryPositionAt..]),
                    ReadInt64LittleEndian(entry[EntryTimestampAt..]));
            }

            into.Load(entries, ReadInt64LittleEndian(bytes[MaxTimestampAt..]));
            covered = to;
            at += size;
            bytes = bytes[size..];
        }

        return (covered, at);
    }
}
