namespace Broker.EndToEnd.Faults.Schedules;

/// <summary>A producer that was opened.</summary>
internal sealed class Opening(long sentAt) : ScheduledCall(sentAt)
{
    public long ProducerId { get; private set; }

    public int Epoch { get; private set; } = -1;

    /// <summary>How many records the producer had written to the partition, as the answer said.</summary>
    public long NextSequence { get; private set; }

    /// <summary>The offset of the last of them; −1 for none.</summary>
    public long LastOffset { get; private set; } = -1;

    public void Answer(long producerId, int epoch, long nextSequence, long lastOffset, long at) =>
        (ProducerId, Epoch, NextSequence, LastOffset, AnsweredAt) = (producerId, epoch, nextSequence, lastOffset, at);

    public override string ToString() => $"opened: epoch {Epoch}, {NextSequence} records written up to {LastOffset}";
}
