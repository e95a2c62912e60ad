using System.Diagnostics;
using Broker.Client;

namespace Broker.EndToEnd.Faults;

/// <summary>What the history knows of one record. Its value is unique: process in the upper bits, a counter below.</summary>
/// <remarks>One thread completes it; whoever reads it afterwards has seen the producer's count of completions.</remarks>
internal sealed class SentRecord(int process, int counter, LogName log)
{
    private const int CounterBits = 40;

    public int Process => process;

    public int Counter => counter;

    public LogName Log => log;

    public long Value => ValueOf(process, counter);

    /// <summary>Taken before the send call, on the monotonic clock.</summary>
    public long InvokedAt { get; } = Stopwatch.GetTimestamp();

    /// <summary>Taken after the answer arrived.</summary>
    public long CompletedAt { get; private set; } = long.MaxValue;

    public SendOutcome Outcome { get; private set; }

    public long Offset { get; private set; } = -1;

    /// <summary>The ack said that an earlier attempt had written it.</summary>
    public bool IsDuplicate { get; private set; }

    public string Failure { get; private set; } = "";

    /// <summary>The number of the last check that met this record in the log, and where.</summary>
    public int SeenInCheck { get; set; }

    public long SeenAtOffset { get; set; }

    public static long ValueOf(int process, int counter) => ((long)process << CounterBits) | (uint)counter;

    public static (int Process, int Counter) Parse(long value) => ((int)(value >> CounterBits), (int)value);

    public void Ack(long offset, bool isDuplicate = false)
    {
        (Offset, IsDuplicate) = (offset, isDuplicate);
        Complete(SendOutcome.Acked);
    }

    public void Fail(Exception error)
    {
        Failure = $"{error.GetType().Name}: {error.Message}";
        Complete(error is BrokerException { IsDefinite: true } ? SendOutcome.Refused : SendOutcome.Unknown);
    }

    private void Complete(SendOutcome outcome)
    {
        CompletedAt = Stopwatch.GetTimestamp();
        Outcome = outcome;
    }
}
