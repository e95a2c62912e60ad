namespace Broker.Checker.Evidence;

/// <summary>A value in a partition.</summary>
internal readonly record struct RecordId(int Key, long Value)
{
    // Values are a process and a counter: one multiplication spreads both over all bits, in a fraction of what the default takes.
    public override int GetHashCode() => (int)((ulong)unchecked((Value + Key) * (long)0x9E3779B97F4A7C15) >> 32);
}
