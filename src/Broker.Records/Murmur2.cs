using System.Buffers.Binary;

namespace Broker.Records;

/// <summary>The 32-bit hash that Kafka's default partitioner uses, with Kafka's seed.</summary>
internal static class Murmur2
{
    private const uint Seed = 0x9747B28C;
    private const uint Multiplier = 0x5BD1E995;
    private const int Shift = 24;

    /// <summary>The partition of a key: the same one in Kafka, in the client and in the broker.</summary>
    public static int PartitionOf(ReadOnlySpan<byte> key, int partitionCount) => (int)(Hash(key) & 0x7FFFFFFF) % partitionCount;

    public static uint Hash(ReadOnlySpan<byte> data)
    {
        uint hash = Seed ^ (uint)data.Length;
        while (data.Length >= sizeof(uint))
        {
            uint word = BinaryPrimitives.ReadUInt32LittleEndian(data) * Multiplier;
            word = (word ^ (word >> Shift)) * Multiplier;
            hash = (hash * Multiplier) ^ word;
            data = data[sizeof(uint)..];
        }

        if (data.Length >= 3)
        {
            hash ^= (uint)data[2] << 16;
        }

        if (data.Length >= 2)
        {
            hash ^= (uint)data[1] << 8;
        }

        if (data.Length >= 1)
        {
            hash = (hash ^ data[0]) * Multiplier;
        }

        hash = (hash ^ (hash >> 13)) * Multiplier;
        return hash ^ (hash >> 15);
    }
}
