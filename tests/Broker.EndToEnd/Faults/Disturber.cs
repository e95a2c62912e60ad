using System.Diagnostics;
using Broker.Client;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults;

/// <summary>
/// Stands in the way of one life of the broker: pauses it, breaks connections off, and holds answers back until the broker has
/// certainly written records of which no client was told. Those must be sent again, and found.
/// </summary>
/// <param name="witness">A producer that nobody else holds back.</param>
internal sealed class Disturber(BrokerProcess broker, TcpRelay relay, LoadFleet fleet, LoadProducer witness)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5), Patience = TimeSpan.FromSeconds(30);

    private IReadOnlyList<SentRecord> _unanswered = [];
    private bool _isHolding, _wasHolding;

    /// <summary>How often all connections were reset while the broker lived, and how many that were in all.</summary>
    public (int Count, int Connections) Resets { get; private set; }

    /// <summary>How often the broker was stopped and went on, and for how long it stood still in all.</summary>
    public (int Count, TimeSpan Length) Pauses { get; private set; }

    /// <summary>Records that the broker wrote and had readable while its answers were held back.</summary>
    public long Withheld { get; private set; }

    /// <summary>Of the sends without an answer when held answers were lost: those that were sent again and were there.</summary>
    public int Found { get; private set; }

    public Task DisturbAsync(Disturbance disturbance) =>
        disturbance.Kind == DisturbanceKind.Pause ? PauseAsync(disturbance.Length) : ResetAsync(disturbance.Length);

    /// <summary>Lets no answer through from now on. Returns when the broker has written what it will have to find again.</summary>
    /// <param name="length">At least.</param>
    /// <exception cref="TimeoutException">It wrote nothing.</exception>
    public async Task HoldAnswersAsync(TimeSpan length)
    {
        // Past the relay.
        await using var client = new BrokerClient(broker.Server);

        // The other producers may have sent all that they may send without an answer by the time the broker has said where its logs
        // end. The witness has sent nothing then, needs no answer to send, and what it sends comes after.
        long started = Stopwatch.GetTimestamp();
        await WaitAsync(() => Task.FromResult(IsConnected(since: started)));
        witness.Switch.Pause();
        long before;
        try
        {
            await LoadFleet.AnsweredAsync(witness.Records);
            await relay.HoldAnswersAsync();
            _isHolding = true;
            before = await ReadableAsync(client);
        }
        finally
        {
            witness.Switch.Resume();
        }

        // An ack leaves when its record is readable: nobody has been told of those beyond that end.
        long held = Stopwatch.GetTimestamp();
        long written = 0;
        await WaitAsync(async () => (written = await ReadableAsync(client) - before) > 0 && Stopwatch.GetElapsedTime(held) >= length);
        Withheld += written;
    }

    /// <summary>The broker has ended. Answers that were held back are lost.</summary>
    public void NoteEnd()
    {
        if (_isHolding)
        {
            BreakOff();
        }
        else
        {
            (_unanswered, _wasHolding) = (fleet.Pending(), false);
        }
    }

    /// <summary>Waits until all that was without an answer at the end has one.</summary>
    public async Task FindAsync()
    {
        await LoadFleet.AnsweredAsync(_unanswered);
        Found += _wasHolding ? _unanswered.Count(record => record.IsDuplicate) : 0;
    }

    /// <summary>The witness has had an answer for each log that is looked at.</summary>
    private bool IsConnected(long since)
    {
        SentRecord[] records = witness.RecordsSoFar();
        return Array.TrueForAll(
            FaultLogs.Kept, log => records.Any(record => record.Log == log && record.Outcome == SendOutcome.Acked && record.CompletedAt > since));
    }

    private async Task WaitAsync(Func<Task<bool>> isOver)
    {
        long started = Stopwatch.GetTimestamp();
        while (!await isOver())
        {
            if (Stopwatch.GetElapsedTime(started) > Patience)
            {
                throw new TimeoutException($"The broker wrote nothing within {Patience}:\n{broker.Output}");
            }

            await Task.Delay(PollInterval);
        }
    }

    private static async Task<long> ReadableAsync(BrokerClient client) =>
        (await client.Admin.ListOffsetsAsync(FaultLogs.Kept[0].Topic, StartAt.Latest)).Sum(end => end.Offset);

    private async Task ResetAsync(TimeSpan hold)
    {
        if (hold > TimeSpan.Zero)
        {
            await HoldAnswersAsync(hold);
        }

        Resets = (Resets.Count + 1, Resets.Connections + BreakOff());
        await FindAsync();
    }

    /// <returns>How many connections there were.</returns>
    private int BreakOff()
    {
        int connections = relay.Reset();

        // Between these two nobody is told of anything.
        _unanswered = fleet.Pending();
        relay.PassAnswers();
        (_isHolding, _wasHolding) = (false, _isHolding);
        return connections;
    }

    private async Task PauseAsync(TimeSpan length)
    {
        await broker.PauseAsync();
        long paused = Stopwatch.GetTimestamp();
        await Task.Delay(length);
        Pauses = (Pauses.Count + 1, Pauses.Length + Stopwatch.GetElapsedTime(paused));
        broker.Resume();
    }
}
