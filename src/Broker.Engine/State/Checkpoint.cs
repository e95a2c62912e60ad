using Broker.Engine.Entries;
using Broker.Storage.Journal;

namespace Broker.Engine.State;

/// <summary>The moment that stored state belongs to: replay goes on from here.</summary>
internal sealed record Checkpoint(JournalPosition Position, long Incarnation, long NextJournalFileNumber, long NextProducerId)
{
    /// <summary>Of a data directory that has never been used.</summary>
    public static Checkpoint None { get; } = new(JournalPosition.Start, Incarnation: 0, NextJournalFileNumber: 1, NextProducerId: 1);

    /// <summary>The one key of <see cref="StateFamily.Meta"/>.</summary>
    public static byte[] Key { get; } = "checkpoint"u8.ToArray();

    public byte[] ToBytes() => new ByteWriter()
        .Int64(Position.FileNumber).Int64(Position.Position).UInt32(Position.FrameCrc).Int64(Position.Lsn)
        .Int64(Incarnation).Int64(NextJournalFileNumber).Int64(NextProducerId)
        .ToArray();

    public static Checkpoint Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new ByteReader(bytes);
        var position = new JournalPosition(reader.Int64(), reader.Int64(), reader.UInt32(), reader.Int64());
        return new Checkpoint(position, reader.Int64(), reader.Int64(), reader.Int64());
    }
}
