using System.Buffers.Binary;
using System.Text;
using Broker.Records;

namespace Broker.Engine.State;

/// <summary>Keys sort as their parts do: numbers are big-endian.</summary>
internal static class StateKeys
{
    public static byte[] Topic(TopicId id)
    {
        byte[] key = new byte[TopicId.SizeBytes];
        id.WriteTo(key);
        return key;
    }

    public static byte[] Partition(TopicId id, int partition)
    {
        byte[] key = new byte[TopicId.SizeBytes + 4];
        id.WriteTo(key);
        BinaryPrimitives.WriteInt32BigEndian(key.AsSpan(TopicId.SizeBytes), partition);
        return key;
    }

    /// <summary>A segment by its base offset, or a producer's sequences by its id.</summary>
    public static byte[] InPartition(TopicId id, int partition, long number)
    {
        byte[] key = new byte[TopicId.SizeBytes + 12];
        Partition(id, partition).CopyTo(key, 0);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(TopicId.SizeBytes + 4), number);
        return key;
    }

    public static byte[] Offset(TopicId id, int partition, string group) => [.. Partition(id, partition), .. Encoding.UTF8.GetBytes(group)];

    public static string ReadGroup(ReadOnlySpan<byte> key) => Encoding.UTF8.GetString(key[(TopicId.SizeBytes + 4)..]);

    public static byte[] Producer(long id)
    {
        byte[] key = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(key, id);
        return key;
    }

    public static (TopicId Topic, int Partition) ReadPartition(ReadOnlySpan<byte> key) =>
        (TopicId.Read(key), BinaryPrimitives.ReadInt32BigEndian(key[TopicId.SizeBytes..]));

    public static long ReadNumber(ReadOnlySpan<byte> key) => BinaryPrimitives.ReadInt64BigEndian(key[^8..]);
}
