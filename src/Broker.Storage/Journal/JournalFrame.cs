using static System.Buffers.Binary.BinaryPrimitives;
using Broker.Storage.Files;
using Broker.Records;

namespace Broker.Storage.Journal;

/// <summary>A view of one frame in a journal file. Only a frame that passed <see cref="TryOpen"/> may be trusted.</summary>
internal readonly ref struct JournalFrame
{
    private readonly ReadOnlySpan<byte> _bytes;

    private JournalFrame(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    public int SizeBytes => ReadInt32LittleEndian(_bytes[JournalFormat.FrameSizeAt..]);

    public uint Crc => ReadUInt32LittleEndian(_bytes[JournalFormat.FrameCrcAt..]);

    public byte Kind => _bytes[JournalFormat.FrameKindAt];

    public byte Flags => _bytes[JournalFormat.FrameFlagsAt];

    public long Lsn => ReadInt64LittleEndian(_bytes[JournalFormat.FrameLsnAt..]);

    /// <summary>Every entry up to this one was durable before the frame was written.</summary>
    public long DurableUpTo => ReadInt64LittleEndian(_bytes[JournalFormat.FrameDurableUpToAt..]);

    public uint PreviousCrc => ReadUInt32LittleEndian(_bytes[JournalFormat.FramePreviousCrcAt..]);

    public bool IsGroupLast => (Flags & JournalFormat.GroupLast) != 0;

    public ReadOnlySpan<byte> Body => _bytes[JournalFormat.FrameHeaderBytes..SizeBytes];

    /// <summary>The size of the frame that seems to begin here, not to be trusted before <see cref="TryOpen"/>; 0 when none does.</summary>
    public static int SizeOf(ReadOnlySpan<byte> bytes) =>
        bytes.Length < JournalFormat.FrameHeaderBytes || ReadUInt32LittleEndian(bytes) != JournalFormat.FrameMagic
            ? 0
            : ReadInt32LittleEndian(bytes[JournalFormat.FrameSizeAt..]);

    /// <summary>
    /// Opens the frame at the start of <paramref name="bytes"/>, which hold all of it unless the file ends before, when all that
    /// its checksum covers is intact. Which frame it follows is for the caller to compare.
    /// </summary>
    public static bool TryOpen(ReadOnlySpan<byte> bytes, long fileNumber, out JournalFrame frame)
    {
        frame = default;
        int size = SizeOf(bytes);
        if (size < JournalFormat.FrameHeaderBytes || size > bytes.Length)
        {
            return false;
        }

        int covered = ReadInt32LittleEndian(bytes[JournalFormat.FrameCoveredAt..]);
        if (covered < 0 || covered > size - JournalFormat.FrameHeaderBytes)
        {
            return false;
        }

        uint previousCrc = ReadUInt32LittleEndian(bytes[JournalFormat.FramePreviousCrcAt..]);
        uint crc = Crc32C.Append(
            JournalFormat.FrameSeed(fileNumber, previousCrc),
            bytes[JournalFormat.FrameSizeAt..(JournalFormat.FrameHeaderBytes + covered)]);
        if (crc != ReadUInt32LittleEndian(bytes[JournalFormat.FrameCrcAt..]))
        {
            return false;
        }

        frame = new JournalFrame(bytes[..size]);
        return true;
    }

    /// <summary>Writes one frame to the list; its checksum, which chains the next frame, is returned.</summary>
    public static uint Write(
        GatherList list, byte kind, byte flags, long lsn, long durableUpTo, long fileNumber, uint previousCrc,
        ReadOnlyMemory<byte> head, ReadOnlyMemory<byte> payload, int payloadCoveredBytes)
    {
        int size = JournalFormat.FrameHeaderBytes + head.Length + payload.Length;
        Span<byte> header = list.Reserve(JournalFormat.FrameHeaderBytes);
        WriteUInt32LittleEndian(header, JournalFormat.FrameMagic);
        WriteInt32LittleEndian(header[JournalFormat.FrameSizeAt..], size);
        header[JournalFormat.FrameKindAt] = kind;
        header[JournalFormat.FrameFlagsAt] = flags;
        WriteInt64LittleEndian(header[JournalFormat.FrameLsnAt..], lsn);
        WriteInt64LittleEndian(header[JournalFormat.FrameDurableUpToAt..], durableUpTo);
        WriteInt32LittleEndian(header[JournalFormat.FrameCoveredAt..], head.Length + payloadCoveredBytes);
        WriteUInt32LittleEndian(header[JournalFormat.FramePreviousCrcAt..], previousCrc);

        uint crc = Crc32C.Append(JournalFormat.FrameSeed(fileNumber, previousCrc), header[JournalFormat.FrameSizeAt..]);
        crc = Crc32C.Append(crc, head.Span);
        crc = Crc32C.Append(crc, payload.Span[..payloadCoveredBytes]);
        WriteUInt32LittleEndian(header[JournalFormat.FrameCrcAt..], crc);

        list.Add(head);
        list.Add(payload);
        int padding = JournalFormat.AlignFrame(size) - size;
        if (padding > 0)
        {
            list.Reserve(padding);
        }

        return crc;
    }
}
