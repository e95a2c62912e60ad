namespace Broker.Records.Compression;

/// <summary>The LZ4 frame format 1.6, little-endian: magic, descriptor, blocks, end mark, checksum of the content.</summary>
internal static class Lz4FrameLayout
{
    public const uint Magic = 0x184D2204;
    public const uint EndMark = 0;

    public const int FlagsAt = sizeof(uint);
    public const int BlockDescriptorAt = FlagsAt + sizeof(byte);
    public const int ContentSizeAt = BlockDescriptorAt + sizeof(byte);

    public const byte VersionMask = 0xC0;
    public const byte FrameVersion = 0x40;
    public const byte IndependentBlocksFlag = 0x20;
    public const byte BlockChecksumFlag = 0x10;
    public const byte ContentSizeFlag = 0x08;
    public const byte ContentChecksumFlag = 0x04;
    public const byte ReservedFlag = 0x02;
    public const byte DictionaryFlag = 0x01;

    /// <summary>Bits 4–6 of the block descriptor: 4 is 64 KiB, and each step above four times as much, up to 7.</summary>
    public const int BlockSizeShift = 4;
    public const int BlockSizeId64KiB = 4;
    public const byte BlockDescriptorReservedMask = 0x8F;

    public const uint StoredBlockFlag = 0x8000_0000;

    /// <summary>How far back a linked block may refer.</summary>
    public const int WindowBytes = 64 * 1024;

    public static int BlockBytesMax(int blockSizeId) => WindowBytes << (2 * (blockSizeId - BlockSizeId64KiB));
}
