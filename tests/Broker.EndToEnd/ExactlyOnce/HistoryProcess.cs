using Broker.Checker.Histories;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>A logical process of a history: one call at a time, and a new number after a call in doubt.</summary>
internal sealed class HistoryProcess(ClientSettings settings)
{
    public int Number { get; private set; } = settings.Numbers.Next();

    /// <summary>Writes that a call is made.</summary>
    /// <param name="call">Its number is the process's business.</param>
    /// <returns>What was written, to be completed.</returns>
    public HistoryEvent Invoke(HistoryEvent call)
    {
        HistoryEvent written = call with { Process = Number, Kind = EventKind.Invoke };
        settings.History.Write(written);
        return written;
    }

    /// <inheritdoc cref="Invoke(HistoryEvent)"/>
    public HistoryEvent Invoke(Function function) => Invoke(new HistoryEvent(Number, EventKind.Invoke, function));

    public void Complete(HistoryEvent answer, EventKind kind, Exception? error = null)
    {
        settings.History.Write(answer with { Kind = kind, Error = error is null ? null : $"{error.GetType().Name}: {error.Message}" });
        if (kind == EventKind.Info)
        {
            Number = settings.Numbers.Next();
        }
    }

    /// <summary>From now on it polls from there.</summary>
    public void Assign(params PartitionPosition[] positions)
    {
        HistoryEvent call = Invoke(new HistoryEvent(Number, EventKind.Invoke, Function.Assign) { Positions = positions });
        Complete(call, EventKind.Ok);
    }
}
