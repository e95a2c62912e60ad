namespace Broker.EndToEnd.Faults.Schedules;

/// <summary>All that was sent for one producer and one partition, and what came of it.</summary>
internal sealed class ScheduleHistory(int number, LogName log)
{
    /// <summary>Processes that each schedule has for its instances.</summary>
    public const int InstancesMax = 16;

    private readonly List<Opening> _openings = [];
    private readonly List<Attempt> _attempts = [];

    public int Number => number;

    public LogName Log => log;

    /// <summary>In order; the index is the instance.</summary>
    public IReadOnlyList<Opening> Openings => _openings;

    /// <summary>In the order of sending.</summary>
    public IReadOnlyList<Attempt> Attempts => _attempts;

    /// <summary>Which process its instance's records name.</summary>
    public int ProcessOf(int instance) => (number * InstancesMax) + instance;

    /// <summary>The number of the schedule whose instance made a record.</summary>
    public static int NumberOf(int process) => process / InstancesMax;

    public void Add(Opening opening) => _openings.Add(opening);

    public void Add(Attempt attempt) => _attempts.Add(attempt);

    public override string ToString() =>
        $"schedule {number}\n    " + string.Join("\n    ", _openings.Concat<ScheduledCall>(_attempts).OrderBy(call => call.SentAt));
}
