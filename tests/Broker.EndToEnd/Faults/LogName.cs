namespace Broker.EndToEnd.Faults;

/// <summary>One partition of one topic.</summary>
internal readonly record struct LogName(string Topic, int Partition)
{
    public override string ToString() => $"{Topic}/{Partition}";
}
