using System.Diagnostics;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults;

/// <summary>
/// Ends a broker under load again and again, by a kill or by a power cut. Its files are small, so that each life rolls
/// segments, completes checkpoints and reuses files. The history is kept here, in another process than the broker.
/// </summary>
/// <param name="dataDirectory">Where the broker's data is; below <paramref name="disk"/> when there is one.</param>
/// <param name="disk">Whose power is cut; null when the plan has no power cuts.</param>
internal sealed class FaultRun(FaultPlan plan, string dataDirectory, PowerCutDisk? disk, Action<string> print)
{
    private const int AwaitingProducers = 2, StreamingProducers = 2, DrainEvery = 5;

    private static readonly TimeSpan LifeMax = TimeSpan.FromSeconds(30), QuietMax = TimeSpan.FromSeconds(60),
        CloseMax = TimeSpan.FromSeconds(10);

    private static readonly string[] SmallFiles =
    [
        "--journal.file_bytes=1MiB", "--journal.replay_bytes_max=2MiB", "--limits.batch_bytes=128KiB",
        "--limits.record_bytes=64KiB", "--limits.message_bytes=512KiB", "--retention.check_interval=100ms",
        "--topic_defaults.segment.bytes=256KiB", "--topic_defaults.max.message.bytes=64KiB", "--storage.reserve_bytes=64MiB",
        "--log.level=warning",
    ];

    private readonly LoadSwitch _switch = new();
    private readonly List<LoadProducer> _producers = [];
    private readonly List<FaultCycle> _cycles = [];
    private readonly HistoryChecker _checker = new(FaultLogs.Unsynced.Topic);
    private readonly Findings _starts = new();
    private IReadOnlyList<Life> _lives = [];
    private int _processes;

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
        await using var broker = new BrokerProcess(dataDirectory, SmallFiles);
        await StartAsync(broker, writeback, _lives[0]);
        await FaultLogs.CreateAsync(broker.Server);
        var settings = new LoadSettings(broker.Server, FaultLogs.Durable, plan.Seed, _switch);
        await using var keptFollower = new Follower(broker.Server, FaultLogs.Kept[0].Topic);
        await using var unsyncedFollower = new Follower(broker.Server, FaultLogs.Unsynced.Topic);
        Follower[] followers = [keptFollower, unsyncedFollower];
        var findings = new Findings();
        bool isComplete = false;
        try
        {
            for (int each = 0; each < AwaitingProducers; each++)
            {
                Add(new AwaitingProducer(settings, ++_processes));
                Add(new StreamingProducer(settings, ++_processes));
            }

            // On its own: when a cut takes its records, the broker has another idea of its sequences than it has itself.
            Add(new AwaitingProducer(settings with { Logs = [FaultLogs.Unsynced] }, ++_processes));
            for (int cycle = 1; cycle <= _lives.Count && !findings.Any; cycle++)
            {
                await RunCycleAsync(broker, writeback, settings, cycle);
                if (_starts.Any)
                {
                    findings = _starts;
                }
                else if (cycle % DrainEvery == 0 || cycle == _lives.Count)
                {
                    findings = await CheckAsync(broker, followers);
                }
            }

            if (!findings.Any)
            {
                findings = await StopAndCheckAsync(broker, followers);
            }

            isComplete = !_starts.Any;
        }
        finally
        {
            await CloseProducersAsync(broker, isComplete);
        }

        return new FaultReport(
            plan, _cycles, Sent: _producers.Sum(producer => producer.Records.Count), Acked: Total(producer => producer.Acked),
            Duplicates: Total(producer => producer.Duplicates), _checker.LostUnsynced, findings.Counts, findings.Examples);
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

    /// <summary>After a failure the producers may fail as well: that must not hide what came first.</summary>
    private async Task CloseProducersAsync(BrokerProcess broker, bool isComplete)
    {
        _switch.Resume();
        Task closing = Task.WhenAll(_producers.Select(producer => producer.DisposeAsync().AsTask()));
        if (isComplete)
        {
            await closing;
            return;
        }

        print($"The run broke off. The broker's last words:\n{broker.Output}");
        await closing.WaitAsync(CloseMax).ContinueWith(
            task => print($"closing: {task.Exception?.InnerException?.Message ?? "done"}"), TaskScheduler.Default);
    }

    private int Total(Func<LoadProducer, int> count) => _producers.Sum(count);

    private T Add<T>(T producer)
        where T : LoadProducer
    {
        _producers.Add(producer);
        producer.Start();
        return producer;
    }

    private async Task RunCycleAsync(BrokerProcess broker, Writeback writeback, LoadSettings settings, int cycle)
    {
        Life life = _lives[cycle - 1];

        // Beside those that live through all ends, one that meets the broker for the first time in each life.
        LoadProducer fresh = cycle % 2 == 0
            ? Add(new AwaitingProducer(settings, ++_processes))
            : Add(new StreamingProducer(settings, ++_processes));
        Metrics metrics = await LiveAsync(broker, life);
        int acks = Acks(), inFlight = Total(producer => producer.InFlight);
        (DroppedWrites dropped, int recycled) = await EndAsync(broker, life);
        double lifeMs = Stopwatch.GetElapsedTime(_readyAt).TotalMilliseconds;
        int duplicates = Total(producer => producer.Duplicates);
        TimeSpan restart = default;
        try
        {
            restart = await StartAsync(broker, writeback, _lives[Math.Min(cycle, _lives.Count - 1)]);
        }
        catch (InvalidOperationException error)
        {
            _starts.Add("no-restart", error.Message);
        }

        var result = new FaultCycle(
            cycle, life.Ending, acks, inFlight, (int)metrics["broker_segment_rolls_total"], (int)metrics["broker_checkpoints_total"], recycled,
            duplicates - _duplicatesBefore, dropped.Bytes, dropped.Names, _writebackCentisecs, life.SyncDelay.TotalMilliseconds, lifeMs,
            restart.TotalMilliseconds);
        (_ackedBefore, _duplicatesBefore) = (_ackedBefore + acks, duplicates);
        _cycles.Add(result);
        print(result.ToString());
        if (!_starts.Any)
        {
            await QuietAsync(fresh);
        }
    }

    private int Acks() => Total(producer => producer.Acked) - _ackedBefore;

    /// <summary>Lets the broker work until there is enough to lose.</summary>
    private async Task<Metrics> LiveAsync(BrokerProcess broker, Life life)
    {
        long started = Stopwatch.GetTimestamp();
        Metrics metrics = await broker.MetricsAsync();
        while (Stopwatch.GetElapsedTime(started) < LifeMax
            && (Acks() < life.Acks || metrics["broker_segment_rolls_total"] < 1 || metrics["broker_checkpoints_total"] < 1))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
            metrics = await broker.MetricsAsync();
        }

        await Task.Delay(life.Lingering);
        metrics = await broker.MetricsAsync();
        while (Total(producer => producer.InFlight) == 0 && Stopwatch.GetElapsedTime(started) < LifeMax)
        {
            await Task.Yield();
        }

        return metrics;
    }

    private async Task<(DroppedWrites Dropped, int Recycled)> EndAsync(BrokerProcess broker, Life life)
    {
        if (life.Ending == Ending.Kill)
        {
            await broker.KillAsync();
            return (default, FileNames.Of(dataDirectory).RenamedSince(_names!));
        }

        await (life.IsStopped ? broker.PauseAsync() : broker.KillAsync());
        int recycled = FileNames.Of(dataDirectory).RenamedSince(_names!);
        DroppedWrites dropped = await disk!.CutAsync(_startedAt, () => life.IsStopped ? broker.KillAsync() : Task.CompletedTask);
        _checker.NotePowerCut();
        return (dropped, recycled);
    }

    /// <summary>Has a producer send no more and waits for its last answer.</summary>
    private static async Task QuietAsync(LoadProducer producer)
    {
        await producer.StopAsync();
        long since = Stopwatch.GetTimestamp();
        while (producer.InFlight > 0 && Stopwatch.GetElapsedTime(since) < QuietMax)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }
    }

    private async Task<Findings> CheckAsync(BrokerProcess broker, Follower[] followers)
    {
        _switch.Pause();
        long since = Stopwatch.GetTimestamp();
        while (Total(producer => producer.InFlight) > 0 && Stopwatch.GetElapsedTime(since) < QuietMax)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }

        using var timeout = new CancellationTokenSource(QuietMax);
        IReadOnlyList<LogContent> logs = await LogReader.ReadAllAsync(broker.Server, FaultLogs.All, timeout.Token);
        Findings findings = _checker.Check(_producers.ToDictionary(producer => producer.Process, producer => producer.Records), logs);
        foreach (Follower follower in followers)
        {
            await follower.CheckAsync(logs.Where(log => log.Name.Topic == follower.Topic), findings, timeout.Token);
        }

        if (broker.Output.Contains(" FTL ", StringComparison.Ordinal) || broker.Output.Contains(" ERR ", StringComparison.Ordinal))
        {
            findings.Add("broker-error", broker.Output);
        }

        double quarantined = (await broker.MetricsAsync())["broker_partitions_quarantined"];
        if (quarantined > 0)
        {
            findings.Add("quarantined", $"{quarantined} partitions:\n{broker.Output}");
        }

        print($"drained {logs.Sum(log => log.Records.Count):N0} records: {(findings.Any ? "BAD" : "nothing lost, nothing twice, all in order")}");
        foreach (string example in findings.Examples)
        {
            print("  " + example);
        }

        _switch.Resume();
        return findings;
    }

    /// <summary>The end: an orderly stop and start must not lose anything either.</summary>
    private async Task<Findings> StopAndCheckAsync(BrokerProcess broker, Follower[] followers)
    {
        await Task.WhenAll(_producers.Select(QuietAsync));
        int code = await broker.StopAsync();
        if (code != 0)
        {
            var findings = new Findings();
            findings.Add("unclean-stop", $"exit code {code} after SIGTERM:\n{broker.Output}");
            return findings;
        }

        await broker.StartAsync();
        return await CheckAsync(broker, followers);
    }
}
