using Broker.Records;

namespace Broker.Benchmarks;

/// <summary>Batches as a client makes them.</summary>
internal static class Batches
{
    private const int ContentSeed = 4711;
    private const long TimestampMs = 1_700_000_000_000;

    /// <summary>Text, so that codecs have something to do: orders, cut to size.</summary>
    public static byte[][] Values(int count, int sizeBytes)
    {
        var random = new Random(ContentSeed);
        var values = new byte[count][];
        for (int index = 0; index < count; index++)
        {
            string order = $"{{\"order\":{index},\"customer\":\"c{random.Next(100_000)}\",\"state\":\"paid\",\"sku\":\"{random.Next(5_000):D6}\",\"cents\":{random.Next(99_999)}}}";
            values[index] = System.Text.Encoding.ASCII.GetBytes(order.PadRight(sizeBytes, ' ')[..sizeBytes]);
        }

        return values;
    }

    /// <summary>One stored batch; the caller releases it.</summary>
    public static PooledBuffer Encode(BatchWriter writer, byte[][] values, TopicId topic, int partition)
    {
        foreach (byte[] value in values)
        {
            writer.Append(TimestampMs, OptionalBytes.Null, value, []);
        }

        return writer.Finish(topic, partition, StoredBatch.NoProducer, StoredBatch.NoProducer, StoredBatch.NoProducer);
    }
}
