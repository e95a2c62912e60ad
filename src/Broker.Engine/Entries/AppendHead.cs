using static System.Buffers.Binary.BinaryPrimitives;
using Broker.Records;
using Broker.Storage;

namespace Broker.Engine.Entries;

/// <summary>
/// What an append entry says before its stored batch: where exactly the batch goes, so that replay is a write in place.
/// Little-endian. See docs/format.md.
/// </summary>
internal readonly ref struct AppendHead(ReadOnlySpan<byte> bytes)
{
    public const int TopicIdAt = 0, PartitionAt = TopicIdAt + 16, PositionAt = PartitionAt + 4, SegmentBaseOffsetAt = PositionAt + 4,
        SegmentCapacityAt = SegmentBaseOffsetAt + 8, ReservedAt = SegmentCapacityAt + 4, SizeBytes = ReservedAt + 4;

    private readonly ReadOnlySpan<byte> _bytes = bytes[..SizeBytes];

    public TopicId TopicId => TopicId.Read(_bytes[TopicIdAt..]);

    public int Partition => ReadInt32LittleEndian(_bytes[PartitionAt..]);

    public int Position => ReadInt32LittleEndian(_bytes[PositionAt..]);

    public long SegmentBaseOffset => ReadInt64LittleEndian(_bytes[SegmentBaseOffsetAt..]);

    public int SegmentCapacityBytes => ReadInt32LittleEndian(_bytes[SegmentCapacityAt..]);

    /// <summary>The head and the batch's prefix and header, which the frame's checksum covers, have passed it.</summary>
    /// <exception cref="UnsupportedFormatException">The batch has a newer version than this code knows.</exception>
    public static void CheckVersion(ReadOnlySpan<byte> body, string path)
    {
        if (body.Length >= SizeBytes + StoredBatch.OverheadBytes
            && new StoredBatchView(body[SizeBytes..]).Version is var version and > StoredBatch.CurrentVersion)
        {
            throw new UnsupportedFormatException(path, "stored batch", version, StoredBatch.CurrentVersion);
        }
    }

    /// <summary>Whether the body of an append entry holds a whole, intact batch for the partition it names.</summary>
    public static bool IsIntact(ReadOnlySpan<byte> body)
    {
        if (body.Length < SizeBytes + StoredBatch.OverheadBytes)
        {
            return false;
        }

        var head = new AppendHead(body);
        uint seed = StoredBatch.PrefixSeed(head.TopicId, head.Partition);
        return StoredBatch.Validate(body[SizeBytes..], seed, int.MaxValue) == BatchError.None;
    }

    public static void Write(
        Span<byte> into, TopicId topicId, int partition, int position, long segmentBaseOffset, int segmentCapacityBytes)
    {
        topicId.WriteTo(into[TopicIdAt..]);
        WriteInt32LittleEndian(into[PartitionAt..], partition);
        WriteInt32LittleEndian(into[PositionAt..], position);
        WriteInt64LittleEndian(into[SegmentBaseOffsetAt..], segmentBaseOffset);
        WriteInt32LittleEndian(into[SegmentCapacityAt..], segmentCapacityBytes);
        WriteInt32LittleEndian(into[ReservedAt..], 0);
    }
}
