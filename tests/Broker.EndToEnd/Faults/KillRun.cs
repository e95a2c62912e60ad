using System.Diagnostics;
using Broker.Client;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults;

/// <summary>
/// Kills a broker under load again and again. Its files are small, so that each life rolls segments, completes
/// checkpoints and reuses files. The history is kept here, in another process than the broker.
/// </summary>
internal sealed class KillRun(int kills, long seed, string dataDirectory, Action<string> print)
{
    private const int AwaitingProducers = 2, StreamingProducers = 2, DrainEvery = 5;

    private static readonly LogName[] KeptLogs = [new("kept", 0), new("kept", 1), new("kept", 2)];

    // Its segments are freed while it is written, so that their files, with old bytes in them, are used again.
    private static readonly LogName ChurnedLog = new("churned", 0);

    private static readonly TimeSpan LifeMax = TimeSpan.FromSeconds(30), QuietMax = TimeSpan.FromSeconds(60),
        CloseMax = TimeSpan.FromSeconds(10);

    private static readonly string[] SmallFiles =
    [
        "--journal.file_bytes=1MiB", "--journal.replay_bytes_max=2MiB", "--limits.batch_bytes=128KiB",
        "--limits.record_bytes=64KiB", "--limits.message_bytes=512KiB", "--retention.check_interval=100ms",
        "--topic_defaults.segment.bytes=256KiB", "--topic_defaults.max.message.bytes=64KiB", "--log.level=warning",
    ];

    private readonly Random _random = new(unchecked((int)seed));
    private readonly LoadSwitch _switch = new();
    private readonly List<LoadProducer> _producers = [];
    private readonly List<KillCycle> _cycles = [];
    private readonly HistoryChecker _checker = new();
    private int _processes;

    // Where the life of the running broker began, and what there was at the end of the one before.
    private long _readyAt;
    private int _ackedBefore, _duplicatesBefore;

    public async Task<KillReport> RunAsync()
    {
        print($"seed {seed}");
        await using var broker = new BrokerProcess(dataDirectory, SmallFiles);
        await broker.StartAsync();
        _readyAt = Stopwatch.GetTimestamp();
        await CreateTopicsAsync(broker.Server);
        var settings = new LoadSettings(broker.Server, [.. KeptLogs, ChurnedLog], seed, _switch);
        await using var follower = new Follower(broker.Server, KeptLogs[0].Topic);
        var findings = new Findings();
        bool isComplete = false;
        try
        {
            for (int each = 0; each < AwaitingProducers; each++)
            {
                Add(new AwaitingProducer(settings, ++_processes));
                Add(new StreamingProducer(settings, ++_processes));
            }

            for (int cycle = 1; cycle <= kills && !findings.Any; cycle++)
            {
                await RunCycleAsync(broker, settings, cycle);
                if (cycle % DrainEvery == 0 || cycle == kills)
                {
                    findings = await CheckAsync(broker, follower);
                }
            }

            if (!findings.Any)
            {
                findings = await StopAndCheckAsync(broker, follower);
            }

            isComplete = true;
        }
        finally
        {
            await CloseProducersAsync(broker, isComplete);
        }

        return new KillReport(
            seed, _cycles, Sent: _producers.Sum(producer => producer.Records.Count), Acked: Total(producer => producer.Acked),
            Duplicates: Total(producer => producer.Duplicates), findings.Counts, findings.Examples);
    }

    private static async Task CreateTopicsAsync(string server)
    {
        await using var client = new BrokerClient(server);
        await client.Admin.CreateTopicAsync(KeptLogs[0].Topic, KeptLogs.Length);
        await client.Admin.CreateTopicAsync(
            ChurnedLog.Topic, partitionCount: 1, new Dictionary<string, string> { ["retention.bytes"] = (1 << 20).ToString() });
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

    private async Task RunCycleAsync(BrokerProcess broker, LoadSettings settings, int cycle)
    {
        long started = Stopwatch.GetTimestamp();
        int Acks() => Total(producer => producer.Acked) - _ackedBefore;

        // Beside those that live through all kills, one that meets the broker for the first time in each life.
        LoadProducer fresh = cycle % 2 == 0
            ? Add(new AwaitingProducer(settings, ++_processes))
            : Add(new StreamingProducer(settings, ++_processes));

        int acksWanted = _random.Next(2 * KillCycle.AcksMin, 20 * KillCycle.AcksMin);
        var lingering = TimeSpan.FromMilliseconds(_random.Next(0, 200));
        Metrics metrics = await broker.MetricsAsync();
        while (Stopwatch.GetElapsedTime(started) < LifeMax
            && (Acks() < acksWanted || metrics["broker_segment_rolls_total"] < 1 || metrics["broker_checkpoints_total"] < 1))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
            metrics = await broker.MetricsAsync();
        }

        await Task.Delay(lingering);
        metrics = await broker.MetricsAsync();
        while (Total(producer => producer.InFlight) == 0 && Stopwatch.GetElapsedTime(started) < LifeMax)
        {
            await Task.Yield();
        }

        int acks = Acks(), inFlight = Total(producer => producer.InFlight);
        Task killed = broker.KillAsync();
        double lifeMs = Stopwatch.GetElapsedTime(_readyAt).TotalMilliseconds;
        int duplicates = Total(producer => producer.Duplicates);
        await killed;
        TimeSpan restart = await broker.StartAsync();
        _readyAt = Stopwatch.GetTimestamp();
        var result = new KillCycle(
            cycle, acks, inFlight, (int)metrics["broker_segment_rolls_total"], (int)metrics["broker_checkpoints_total"],
            duplicates - _duplicatesBefore, lifeMs, restart.TotalMilliseconds);
        (_ackedBefore, _duplicatesBefore) = (_ackedBefore + acks, duplicates);
        _cycles.Add(result);
        print(result.ToString());
        await QuietAsync(fresh);
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

    private async Task<Findings> CheckAsync(BrokerProcess broker, Follower follower)
    {
        _switch.Pause();
        long since = Stopwatch.GetTimestamp();
        while (Total(producer => producer.InFlight) > 0 && Stopwatch.GetElapsedTime(since) < QuietMax)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }

        using var timeout = new CancellationTokenSource(QuietMax);
        IReadOnlyList<LogContent> logs = await LogReader.ReadAllAsync(broker.Server, [.. KeptLogs, ChurnedLog], timeout.Token);
        Findings findings = _checker.Check(_producers.ToDictionary(producer => producer.Process, producer => producer.Records), logs);
        await follower.CheckAsync(logs.Where(log => log.Name.Topic == KeptLogs[0].Topic), findings, timeout.Token);
        if (broker.Output.Contains(" FTL ", StringComparison.Ordinal) || broker.Output.Contains(" ERR ", StringComparison.Ordinal))
        {
            findings.Add("broker-error", broker.Output);
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
    private async Task<Findings> StopAndCheckAsync(BrokerProcess broker, Follower follower)
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
        return await CheckAsync(broker, follower);
    }
}
