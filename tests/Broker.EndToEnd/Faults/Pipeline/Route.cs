namespace Broker.EndToEnd.Faults.Pipeline;

internal readonly record struct Route(string Origin, string Destination)
{
    public override string ToString() => $"{Origin}-{Destination}";
}
