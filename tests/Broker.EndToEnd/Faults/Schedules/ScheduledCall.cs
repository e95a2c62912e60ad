namespace Broker.EndToEnd.Faults.Schedules;

/// <summary>A call as the history knows it.</summary>
/// <param name="sentAt">On the monotonic clock, before it was sent.</param>
internal abstract class ScheduledCall(long sentAt)
{
    public long SentAt => sentAt;

    /// <summary>After its answer had come; later than all others while there is none.</summary>
    public long AnsweredAt { get; protected set; } = long.MaxValue;

    /// <summary>Whether the broker has certainly decided this one first. Of two that were under way at once neither is before the other.</summary>
    public virtual bool IsBefore(ScheduledCall other) => AnsweredAt < other.SentAt;
}
