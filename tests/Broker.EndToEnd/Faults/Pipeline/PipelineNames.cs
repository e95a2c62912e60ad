namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>What the parts of a pipeline know each other by.</summary>
internal static class PipelineNames
{
    public const string Flights = "flights", RouteDelays = "route-delays", Group = "route-delays";

    public const int Partitions = 6;
}
