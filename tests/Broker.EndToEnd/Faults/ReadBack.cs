namespace Broker.EndToEnd.Faults;

/// <summary>One record as a consumer got it.</summary>
/// <param name="IsIntact">Key and value are, byte for byte, those of the value.</param>
internal readonly record struct ReadBack(long Offset, long Value, bool IsIntact)
{
    public static ReadBack From(long offset, ReadOnlySpan<byte> key, ReadOnlySpan<byte> payload)
    {
        bool isIntact = Payload.TryRead(payload, out long value);
        isIntact = isIntact && key.SequenceEqual(BitConverter.GetBytes(value)) && payload.SequenceEqual(Payload.Create(value));
        return new ReadBack(offset, value, isIntact);
    }
}
