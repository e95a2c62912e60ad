namespace Broker.Client;

/// <summary>A producer, as the broker remembers it.</summary>
/// <param name="Name">Null for one without a name.</param>
/// <param name="Epoch">How many times the name was taken over.</param>
/// <param name="ClientId">What it calls itself; may be empty.</param>
/// <param name="Idle">Since it was last used, exact to about a second; at most since the broker's start.</param>
/// <param name="PartitionCount">To which it has written.</param>
public sealed record ProducerDescription(long Id, string? Name, int Epoch, string ClientId, TimeSpan Idle, int PartitionCount)
{
    /// <summary>By topic and partition. Only <see cref="AdminClient.DescribeProducerAsync(string, CancellationToken)"/> asks for them.</summary>
    public IReadOnlyList<ProducerPosition> Positions { get; init; } = [];
}
