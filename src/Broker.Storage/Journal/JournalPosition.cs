namespace Broker.Storage.Journal;

/// <summary>A place between two groups of the journal: where the next one begins, and what came before.</summary>
/// <param name="FileNumber">The file that holds the newest frame before this place.</param>
/// <param name="Position">Byte in that file, a multiple of 4 KiB; replay goes on here.</param>
/// <param name="FrameCrc">Checksum of the newest frame before this place: the next frame is chained to it.</param>
/// <param name="Lsn">The newest entry before this place.</param>
internal readonly record struct JournalPosition(long FileNumber, long Position, uint FrameCrc, long Lsn)
{
    /// <summary>The beginning of an empty journal.</summary>
    public static JournalPosition Start => new(FileNumber: 0, Position: 0, FrameCrc: 0, Lsn: 0);
}
