using System.Diagnostics;
using Broker.EndToEnd.ExactlyOnce;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults;

/// <summary>
/// Ends a broker under load again and again, by a kill or by a power cut. Its files are small, so that each life rolls
/// segments, completes checkpoints and reuses files. Its clients reach it through a relay, by which it is disturbed before.
/// </summary>
/// <param name="dataDirectory">Where the broker's data is; below <paramref name="disk"/> when there is one.</param>
/// <param name="disk">Whose power is cut; null when the plan has no power cuts.</param>
internal sealed class FaultRun(FaultPlan plan, string dataDirectory, PowerCutDisk? disk, Action<string> print)
{
    private const int DrainEvery = 5;

    private static readonly TimeSpan LifeMax = TimeSpan.FromSeconds(30);

    private readonly List<FaultCycle> _cycles = [];
    private readonly Findings _starts = new();
    private IReadOnlyList<Life> _lives = [];

    // How the life of the running broker began, and what there was at the end of the one before.
    private long _readyAt;
    private DateTimeOffset _startedAt;
    private FileNames? _names;
    private int _writebackCentisecs;
    private int _ackedBefore, _duplicatesBefore;

    public async Task<FaultReport> RunAsync()
    {
        print($"seed {plan.Seed}");
        bool canSlowSyncs = plan.PowerCuts > 0 && Strace.Unavailable is null;
        if (plan.PowerCuts > 0 && !canSlowSyncs)
        {
            print($"No syncs are slowed down: {Strace.Unavailable}.");
        }

        _lives = plan.Lives(canSlowSyncs);
        using var writeback = new Writeback();
        await using var broker = new BrokerProcess(dataDirectory, LoadFleet.SmallFiles);
        await StartAsync(broker, writeback, _lives[0]);
        await FaultLogs.CreateAsync(broker.Server);
        await using var relay = new TcpRelay(broker.Server);
        await using var fleet = new LoadFleet(broker, plan.Seed, print, relay: relay);
        await using var sections = new ExactlyOnceSections(broker, relay.Address, plan.Seed, print);
        var findings = new Findings();
        bool isComplete = false;
        try
        {
            for (int cycle = 1; cycle <= _lives.Count && !findings.Any; cycle++)
            {
                if (cycle % ExactlyOnceFleet.LivesOfSection == 1)
                {
                    await sections.BeginAsync(findings);
                }

                await RunCycleAsync(broker, writeback, fleet, sections.Current, relay, cycle);
                if (_starts.Any)
                {
                    findings = _starts;
                }
                else if (cycle % DrainEvery == 0 || cycle == _lives.Count)
                {
                    findings = await fleet.CheckAsync();
                }
            }

            if (!findings.Any)
            {
                findings = await fleet.StopAndCheckAsync();
            }

            if (!_starts.Any)
            {
                await sections.EndAsync(findings);
            }

            isComplete = !_starts.Any;
        }
        finally
        {
            await fleet.CloseAsync(isComplete);
        }

        return new FaultReport(
            plan, _cycles, fleet.Sent, fleet.Acked, fleet.Duplicates, fleet.LostUnsynced, sections.Report, findings.Counts, findings.Examples);
    }

    private async Task<TimeSpan> StartAsync(BrokerProcess broker, Writeback writeback, Life life)
    {
        _startedAt = TimeProvider.System.GetUtcNow();
        if (life.Ending == Ending.PowerCut)
        {
            _writebackCentisecs = writeback.Set(life.WritebackCentisecs);
        }

        broker.LaunchedBy = life.SyncDelay > TimeSpan.Zero ? Strace.SlowSyncs(life.SyncDelay) : [];
        TimeSpan start = await broker.StartAsync();
        _readyAt = Stopwatch.GetTimestamp();
        _names = FileNames.Of(dataDirectory);
        return start;
    }

    private async Task RunCycleAsync(
        BrokerProcess broker, Writeback writeback, LoadFleet fleet, ExactlyOnceFleet exactlyOnce, TcpRelay relay, int cycle)
    {
        Life life = _lives[cycle - 1];

        // Beside those that live through all ends, one that meets the broker for the first time in each life.
        LoadProducer fresh = fleet.AddFresh();
        var disturber = new Disturber(broker, relay, fleet, fresh);
        (Metrics metrics, int open) = await LiveAsync(broker, fleet, exactlyOnce, life, disturber);
        int committing = exactlyOnce.CommitsUnderWay;
        int acks = fleet.Acked - _ackedBefore, inFlight = fleet.InFlight;
        (DroppedWrites dropped, int recycled) = await EndAsync(broker, fleet, life);
        disturber.NoteEnd();
        double lifeMs = Stopwatch.GetElapsedTime(_readyAt).TotalMilliseconds;
        TimeSpan restart = default;
        try
        {
            restart = await StartAsync(broker, writeback, _lives[Math.Min(cycle, _lives.Count - 1)]);
        }
        catch (InvalidOperationException error)
        {
            _starts.Add("no-restart", error.Message);
        }

        if (!_starts.Any)
        {
            await disturber.FindAsync();
            await LoadFleet.QuietAsync(fresh);
            await exactlyOnce.AskAsync();
        }

        int duplicates = fleet.Duplicates;
        var result = new FaultCycle(
            cycle, life, acks, open, committing, inFlight, (int)metrics["broker_segment_rolls_total"], (int)metrics["broker_checkpoints_total"], recycled,
            duplicates - _duplicatesBefore, disturber.Withheld, disturber.Found, disturber.Resets.Count, disturber.Resets.Connections,
            disturber.Pauses.Count, disturber.Pauses.Length.TotalMilliseconds, dropped.Bytes, dropped.Names, _writebackCentisecs, lifeMs,
            restart.TotalMilliseconds);
        (_ackedBefore, _duplicatesBefore) = (_ackedBefore + acks, duplicates);
        _cycles.Add(result);
        print(result.ToString());
    }

    /// <summary>Lets the broker work, disturbed as planned, until there is enough to lose.</summary>
    private async Task<(Metrics Metrics, int Open)> LiveAsync(
        BrokerProcess broker, LoadFleet fleet, ExactlyOnceFleet exactlyOnce, Life life, Disturber disturber)
    {
        long started = Stopwatch.GetTimestamp();
        foreach (Disturbance disturbance in life.Disturbances)
        {
            while (Stopwatch.GetElapsedTime(started) < LifeMax && fleet.Acked - _ackedBefore < disturbance.AtAcks)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5));
            }

            await disturber.DisturbAsync(disturbance);
        }

        Metrics metrics = await broker.MetricsAsync();
        while (Stopwatch.GetElapsedTime(started) < LifeMax
            && (fleet.Acked - _ackedBefore < life.Acks || metrics["broker_segment_rolls_total"] < 1 || metrics["broker_checkpoints_total"] < 1))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
            metrics = await broker.MetricsAsync();
        }

        int open = await exactlyOnce.StageAsync();

        // The broker answers such a question between two groups. The end must not be tied to that.
        await Task.Delay(life.Lingering);
        if (life.Hold > TimeSpan.Zero)
        {
            await disturber.HoldAnswersAsync(life.Hold);
        }

        while (fleet.InFlight == 0 && Stopwatch.GetElapsedTime(started) < LifeMax)
        {
            await Task.Yield();
        }

        return (metrics, open);
    }

    private async Task<(DroppedWrites Dropped, int Recycled)> EndAsync(BrokerProcess broker, LoadFleet fleet, Life life)
    {
        if (life.Ending == Ending.Kill)
        {
            await broker.KillAsync();
            return (default, FileNames.Of(dataDirectory).RenamedSince(_names!));
        }

        await (life.IsStopped ? broker.PauseAsync() : broker.KillAsync());
        int recycled = FileNames.Of(dataDirectory).RenamedSince(_names!);
        DroppedWrites dropped = await disk!.CutAsync(_startedAt, () => life.IsStopped ? broker.KillAsync() : Task.CompletedTask);
        fleet.NotePowerCut();
        return (dropped, recycled);
    }
}
