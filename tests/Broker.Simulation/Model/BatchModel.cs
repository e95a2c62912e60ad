namespace Broker.Simulation.Model;

/// <summary>One batch that the broker took in, with all that it said about it.</summary>
/// <param name="Body">Its bytes from the batch's own checksum on, as they were sent.</param>
internal sealed record BatchModel(
    long Lsn, long BaseOffset, int Count, byte[] Body, long[] Timestamps, long AppendTimeMs, long ProducerId, long Sequence)
{
    public long NextOffset => BaseOffset + Count;

    /// <summary>The entry that it counts with: its own, or the last of its transaction.</summary>
    public long CountsWithLsn { get; init; } = Lsn;
}
