namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>How many flights a route had, and the sum of their delays in minutes: whole numbers, so that a mean is right to the last digit when they are.</summary>
internal readonly record struct RouteTotal(long Count, long Delay)
{
    public RouteTotal Add(long count, long delay) => new(Count + count, Delay + delay);

    public override string ToString() => $"{Count:N0} flights, mean delay {Delay}/{Count}";
}
