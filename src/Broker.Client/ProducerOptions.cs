using Broker.Records;
using Broker.Records.Compression;

namespace Broker.Client;

public sealed class ProducerOptions
{
    /// <summary>What the broker's window remembers of a producer and partition.</summary>
    internal const int InFlightBatchesMax = 64;

    /// <summary>Room for the largest overhead and one small record.</summary>
    private const int BatchSizeBytesMin = 1024;

    /// <summary>
    /// 1 to 249 of a-z A-Z 0-9 . _ -: the producer goes on where the one before of this name was, and stops that one for good.
    /// <see cref="Producer.OpenAsync"/> tells where that is. Null for a producer of its own.
    /// </summary>
    public string? Name { get; set; }

    /// <summary>A batch goes when the next record would make it larger than this; a larger record goes alone.</summary>
    public int BatchSizeBytes { get; set; } = 128 * 1024;

    /// <summary>
    /// How long an unfinished batch waits for more records. With 0 it goes at once while little is under way, and gathers
    /// records while several messages are not yet acknowledged.
    /// </summary>
    public double LingerMs { get; set; }

    public Codec Compression { get; set; } = Codec.None;

    /// <summary>May ask for more than the topic does, never for less.</summary>
    public Durability Durability { get; set; } = Durability.TopicDefault;

    /// <summary>Bound for the records that are held until they are acknowledged.</summary>
    public long BufferMemoryBytes { get; set; } = 32 << 20;

    /// <summary>From the send call to acknowledgement or failure; all reconnects and retries happen within.</summary>
    public TimeSpan DeliveryTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>For how long a transaction may be open, of a transactional producer. The broker's transaction.max.timeout.ms is the most.</summary>
    public TimeSpan TransactionTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Batches of one partition that may be unacknowledged at once; also messages on one connection.</summary>
    public int MaxInFlightBatches { get; set; } = 20;

    /// <summary>Connections to share the partitions among. One reaches most of what the broker can take.</summary>
    public int Connections { get; set; } = 1;

    public IPartitioner Partitioner { get; set; } = Client.Partitioner.Default;

    /// <summary>
    /// Called for each batch when it was acknowledged or failed, in order within a partition. It runs on the producer's
    /// loop: be quick. With it set, failures of records that nobody awaits count as handled.
    /// </summary>
    public Action<DeliveryReport>? OnDelivery { get; set; }

    /// <summary>How long disposing waits for what is not yet acknowledged.</summary>
    public TimeSpan CloseTimeout { get; set; } = TimeSpan.FromSeconds(30);

    internal ProducerOptions WithName(string name)
    {
        var named = (ProducerOptions)MemberwiseClone();
        named.Name = name;
        return named;
    }

    internal void Validate()
    {
        string[] problems = [.. Problems()];
        if (problems.Length > 0)
        {
            throw new ArgumentException(string.Join(" ", problems));
        }
    }

    private IEnumerable<string> Problems()
    {
        if (BatchSizeBytes < BatchSizeBytesMin)
        {
            yield return $"BatchSizeBytes must be at least {BatchSizeBytesMin}; it is {BatchSizeBytes}.";
        }

        if (BufferMemoryBytes < 2L * BatchSizeBytes)
        {
            yield return "BufferMemoryBytes must hold two batches, one that fills and one under way; "
                + $"it is {BufferMemoryBytes} with batches of {BatchSizeBytes}.";
        }

        if (LingerMs is < 0 or > 60_000)
        {
            yield return $"LingerMs must be 0 to 60000; it is {LingerMs}.";
        }

        if (!Codecs.IsSupported(Compression))
        {
            yield return $"Compression must be None, Lz4 or Zstd; it is {Compression}.";
        }

        if (MaxInFlightBatches is < 1 or > InFlightBatchesMax)
        {
            yield return $"MaxInFlightBatches must be 1 to {InFlightBatchesMax}; it is {MaxInFlightBatches}.";
        }

        if (Connections is < 1 or > 64)
        {
            yield return $"Connections must be 1 to 64; it is {Connections}.";
        }

        if (DeliveryTimeout <= TimeSpan.Zero)
        {
            yield return $"DeliveryTimeout must be positive; it is {DeliveryTimeout}.";
        }

        if (TransactionTimeout < TimeSpan.FromMilliseconds(1) || TransactionTimeout.TotalMilliseconds > uint.MaxValue)
        {
            yield return $"TransactionTimeout must be 1 ms to 49 days; it is {TransactionTimeout}.";
        }

        if (CloseTimeout < TimeSpan.Zero)
        {
            yield return $"CloseTimeout must not be negative; it is {CloseTimeout}.";
        }
    }
}
