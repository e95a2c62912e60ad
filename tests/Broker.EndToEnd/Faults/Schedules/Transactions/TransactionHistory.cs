namespace Broker.EndToEnd.Faults.Schedules.Transactions;

/// <summary>All calls of one schedule, and what came of them.</summary>
internal sealed class TransactionHistory(int number, TransactionSchedule schedule, LogName[] logs)
{
    private const int NumberUnit = 1000, SlotUnit = 100;

    private readonly List<TransactionCall> _calls = [];

    public int Number => number;

    /// <summary>Its two partitions.</summary>
    public LogName[] Logs => logs;

    /// <summary>Of the broker's run in which it took place.</summary>
    public ulong Incarnation { get; set; }

    public long ProducerId { get; set; }

    /// <summary>By instance; its epoch is its place here.</summary>
    public List<TransactionCall> Openings { get; } = [];

    /// <summary>All but the openings, in the order of sending.</summary>
    public IReadOnlyList<TransactionCall> Calls => _calls;

    public void Add(TransactionCall call) => (call.Kind == CallKind.Open ? Openings : _calls).Add(call);

    /// <summary>Batches of a transaction in one partition.</summary>
    public int BatchCount(int instance, int transaction, int slot)
    {
        (int first, int second) = schedule.Batches[instance][transaction - 1];
        return slot == 0 ? first : second;
    }

    public static int RecordCount(int batches) => Enumerable.Range(0, batches).Sum(RecordsOf);

    /// <summary>Batches have one and two records in turn.</summary>
    public static int RecordsOf(int batch) => 1 + (batch % 2);

    /// <summary>The value of a transaction's n-th record in a partition.</summary>
    public long ValueOf(int instance, int transaction, int slot, int record) =>
        SentRecord.ValueOf(ProcessOf(instance), (transaction * NumberUnit) + (slot * SlotUnit) + record);

    /// <summary>The schedule, instance and transaction that a record is of.</summary>
    public static (int Schedule, int Instance, int Transaction) Parse(long value)
    {
        (int process, int counter) = SentRecord.Parse(value);
        return (ScheduleHistory.NumberOf(process), process - (ScheduleHistory.NumberOf(process) * ScheduleHistory.InstancesMax), counter / NumberUnit);
    }

    public override string ToString() =>
        $"schedule {number}\n    " + string.Join("\n    ", Openings.Concat(_calls).OrderBy(call => call.SentAt));

    private int ProcessOf(int instance) => (number * ScheduleHistory.InstancesMax) + instance;
}
