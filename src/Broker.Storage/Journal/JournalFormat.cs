using static System.Buffers.Binary.BinaryPrimitives;
using Broker.Records;

namespace Broker.Storage.Journal;

/// <summary>
/// The bytes of a journal file: one 4 KiB header block, then groups of frames, each group starting on a 4 KiB boundary.
/// All integers are little-endian. See docs/format.md.
/// </summary>
internal static class JournalFormat
{
    public const int BlockBytes = 4096;
    public const uint Version = 4;
    public const string FileExtension = ".journal";

    /// <summary>"BRKJRNL1" read as a little-endian integer.</summary>
    public const ulong FileMagic = 0x314C4E524A4B5242;

    // File header.
    public const int FileMagicAt = 0, FileVersionAt = FileMagicAt + 8, FileCrcAt = FileVersionAt + 4, FileNumberAt = FileCrcAt + 4,
        FileIncarnationAt = FileNumberAt + 8, FileFirstLsnAt = FileIncarnationAt + 8, FilePreviousNumberAt = FileFirstLsnAt + 8,
        FilePreviousFrameCrcAt = FilePreviousNumberAt + 8, FileReservedAt = FilePreviousFrameCrcAt + 4, FileHeaderBytes = FileReservedAt + 12;

    /// <summary>"BFRM" read as a little-endian integer.</summary>
    public const uint FrameMagic = 0x4D524642;

    // Frame header.
    public const int FrameMagicAt = 0, FrameCrcAt = FrameMagicAt + 4, FrameSizeAt = FrameCrcAt + 4, FrameKindAt = FrameSizeAt + 4,
        FrameFlagsAt = FrameKindAt + 1, FrameReservedAt = FrameFlagsAt + 1, FrameLsnAt = FrameReservedAt + 2,
        FrameDurableUpToAt = FrameLsnAt + 8, FrameCoveredAt = FrameDurableUpToAt + 8, FramePreviousCrcAt = FrameCoveredAt + 4,
        FrameHeaderBytes = FramePreviousCrcAt + 4;

    /// <summary>Frames begin on multiples of this, so that a scan for a frame after damage has few places to try.</summary>
    public const int FrameAlignmentBytes = 8;

    /// <summary>The last frame of its entry. An entry counts only when its last frame is valid.</summary>
    public const byte EntryLast = 1;

    /// <summary>The last frame of its group: the next one begins on the next 4 KiB boundary.</summary>
    public const byte GroupLast = 2;

    /// <summary>The kind of a frame that holds no entry: it only says what is durable.</summary>
    public const byte MarkKind = 0;

    public static int AlignFrame(int sizeBytes) => (sizeBytes + FrameAlignmentBytes - 1) & -FrameAlignmentBytes;

    public static long AlignBlock(long position) => (position + BlockBytes - 1) & -BlockBytes;

    public static string FileName(long number) => number.ToString("D20") + FileExtension;

    /// <returns>The number in the file's name, or −1 for another kind of file.</returns>
    public static long NumberOf(string path)
    {
        string name = Path.GetFileName(path);
        return name.EndsWith(FileExtension, StringComparison.Ordinal)
            && long.TryParse(name.AsSpan(0, name.Length - FileExtension.Length), System.Globalization.NumberStyles.None, null, out long number)
                ? number
                : -1;
    }

    /// <summary>
    /// A frame's checksum starts from the number of its file and the checksum of the frame before it, so that neither bytes
    /// of a recycled file nor a frame out of its place can pass.
    /// </summary>
    public static uint FrameSeed(long fileNumber, uint previousCrc)
    {
        Span<byte> seed = stackalloc byte[12];
        WriteInt64LittleEndian(seed, fileNumber);
#if BROKER_MUTANTS
        if (!Mutant.Is("chain-without-previous-crc"))
#endif
        WriteUInt32LittleEndian(seed[8..], previousCrc);
        return Crc32C.Compute(seed);
    }

    public static void WriteFileHeader(Span<byte> block, long number, long incarnation, long firstLsn, JournalPosition previous)
    {
        WriteUInt64LittleEndian(block[FileMagicAt..], FileMagic);
        WriteUInt32LittleEndian(block[FileVersionAt..], Version);
        WriteInt64LittleEndian(block[FileNumberAt..], number);
        WriteInt64LittleEndian(block[FileIncarnationAt..], incarnation);
        WriteInt64LittleEndian(block[FileFirstLsnAt..], firstLsn);
        WriteInt64LittleEndian(block[FilePreviousNumberAt..], previous.FileNumber);
        WriteUInt32LittleEndian(block[FilePreviousFrameCrcAt..], previous.FrameCrc);
        WriteUInt32LittleEndian(block[FileCrcAt..], FileHeaderCrc(block));
    }

    public static uint FileHeaderCrc(ReadOnlySpan<byte> block)
    {
        uint crc = Crc32C.Compute(block[..FileCrcAt]);
        return Crc32C.Append(crc, block[FileNumberAt..FileHeaderBytes]);
    }
}
