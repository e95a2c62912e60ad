using System.Text.Json;

namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>One record of the output: what a batch of flights adds to one route.</summary>
/// <param name="Partition">Of the flights.</param>
/// <param name="From">Offset of the batch's first flight, of whatever route.</param>
/// <param name="To">Offset behind its last one.</param>
internal readonly record struct RouteDelays(string Origin, string Destination, int Partition, long From, long To, long Count, long Delay)
{
    public Route Route => new(Origin, Destination);

    public static RouteDelays Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<RouteDelays>(json, JsonSerializerOptions.Web);

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, JsonSerializerOptions.Web);
}
