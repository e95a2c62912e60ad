using Broker.Client.Testing.Disk;
using Broker.Records;
using Broker.Simulation.Model;

namespace Broker.Simulation;

/// <summary>Makes the batches of all clients: random records, with times that move on a little.</summary>
internal sealed class BatchDrafts(Chance chance)
{
    public const long FirstTimestampMs = 1_000_000;

    /// <summary>Around which the next record is dated.</summary>
    public long TimestampMs { get; private set; } = FirstTimestampMs;

    public BatchDraft New(PartitionModel partition, long producer, int epoch, long sequence, int count = 0)
    {
        count = count > 0 ? count : chance.Between(1, 5);
        int bytesMax = chance.Percent(2) ? 9_000 : chance.Percent(30) ? 2_000 : 300;
        long[] timestamps = new long[count];
        using var writer = new BatchWriter(Codec.None);
        for (int i = 0; i < count; i++)
        {
            timestamps[i] = TimestampMs + chance.Between(-50, 50);
            TimestampMs += chance.Below(5);
            writer.Append(timestamps[i], OptionalBytes.Null, chance.Bytes(chance.Between(1, bytesMax)), []);
        }

        return new BatchDraft(writer.Finish(partition.Topic.Id, partition.Number, producer, epoch, sequence), timestamps);
    }
}

/// <summary>One batch that is to be sent.</summary>
internal readonly record struct BatchDraft(PooledBuffer Batch, long[] Timestamps) : IDisposable
{
    public void Dispose() => Batch.Release();
}
