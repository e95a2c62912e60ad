using Broker.Checker.Histories;

namespace Broker.Tests.Checker.Model;

/// <summary>What a process knows, and the call that it has under way.</summary>
internal sealed class ModelProcess(int number, ModelRole role)
{
    private const int CounterBits = 40;

    private long _counter;

    public int Number => number;

    public ModelRole Role => role;

    public HistoryEvent? Call { get; set; }

    /// <summary>What the call will be answered, once the broker has decided it.</summary>
    public HistoryEvent? Answer { get; set; }

    public Dictionary<int, long> Positions { get; } = [];

    public long ProducerId { get; init; }

    public int Epoch { get; set; } = -1;

    public long Transactions { get; set; }

    /// <summary>The batch that was acked last: it may be sent again.</summary>
    public HistoryEvent? LastSend { get; set; }

    /// <summary>The transaction of the process before that has had no answer.</summary>
    public HistoryEvent? InDoubt { get; set; }

    /// <summary>Where the group is, once it has been fetched.</summary>
    public long? Fetched { get; set; }

    public long NextValue() => ((long)number << CounterBits) | _counter++;

    public HistoryEvent Calls(Function function) => new(number, EventKind.Invoke, function);
}
