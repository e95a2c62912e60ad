namespace Broker.EndToEnd.Faults.Schedules;

/// <summary>One of those who write under a producer, one after the other: what there was when it took over, and what it adds.</summary>
internal sealed class ScheduledInstance
{
    // What its predecessors had written, in order.
    private readonly IReadOnlyList<ScheduledBatch> _written;

    /// <param name="before">The one that it took over from; null for the first.</param>
    /// <param name="recordCounts">Of its own batches.</param>
    public ScheduledInstance(Opening opening, ScheduledInstance? before, IReadOnlyList<int> recordCounts, int process)
    {
        Opening = opening;
        _written = before is null ? [] : [.. before._written.Concat(before.Own).Where(batch => batch.EndSequence <= opening.NextSequence)];
        long sequence = opening.NextSequence;
        Own = [.. recordCounts.Select(count => new ScheduledBatch(process, (sequence += count) - count, count))];
    }

    public Opening Opening { get; }

    /// <summary>They follow what was there.</summary>
    public IReadOnlyList<ScheduledBatch> Own { get; }

    /// <param name="batch">As in <see cref="SendStep.Batch"/>.</param>
    /// <returns>Null when not so much had been written.</returns>
    public ScheduledBatch? Find(int batch) => batch >= 0 ? Own[batch] : _written.ElementAtOrDefault(_written.Count + batch);
}
