namespace Broker.Records;

/// <summary>Identity of one topic incarnation: a topic deleted and created again under its old name gets another one.</summary>
internal readonly record struct TopicId(Guid Value)
{
    public const int SizeBytes = 16;

    /// <summary>Writes the 16 bytes in the order in which the text form shows them (big-endian).</summary>
    public void WriteTo(Span<byte> destination)
    {
        bool written = Value.TryWriteBytes(destination, bigEndian: true, out _);
        Invariant.Check(written);
    }

    public static TopicId Read(ReadOnlySpan<byte> source) => new(new Guid(source[..SizeBytes], bigEndian: true));

    /// <summary>32 hexadecimal digits, without dashes.</summary>
    public override string ToString() => Value.ToString("N");
}
