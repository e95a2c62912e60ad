namespace Broker.Client.Producing;

/// <summary>What the broker knows a producer by. Compared by reference: each InitProducer gives another one.</summary>
internal sealed class ProducerIdentity(long id, int epoch)
{
    public long Id { get; } = id;

    public int Epoch { get; } = epoch;
}
