using System.Text.Json;

namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>One record of the input.</summary>
/// <param name="Delay">In minutes; negative for too early.</param>
internal readonly record struct Flight(int Id, string Origin, string Destination, int Delay)
{
    public Route Route => new(Origin, Destination);

    public static Flight Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<Flight>(json, JsonSerializerOptions.Web);
}
