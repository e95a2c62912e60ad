using System.Diagnostics;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults;

/// <summary>
/// Producers that live through every end of the broker, consumers that follow them, and what both know of the log. All of it is in
/// this process, which is not the one that is ended.
/// </summary>
internal sealed class LoadFleet : IAsyncDisposable
{
    private const int ProducersOfEachKind = 2;

    private static readonly TimeSpan QuietMax = TimeSpan.FromSeconds(60), CloseMax = TimeSpan.FromSeconds(10);

    /// <summary>Settings with which each life rolls segments, completes checkpoints and reuses files.</summary>
    public static readonly string[] SmallFiles =
    [
        "--journal.file_bytes=1MiB", "--journal.replay_bytes_max=2MiB", "--limits.batch_bytes=128KiB",
        "--limits.record_bytes=64KiB", "--limits.message_bytes=512KiB", "--retention.check_interval=100ms",
        "--topic_defaults.segment.bytes=256KiB", "--topic_defaults.max.message.bytes=64KiB", "--storage.reserve_bytes=64MiB",
        "--log.level=warning",
    ];

    private readonly BrokerProcess _broker;
    private readonly Action<string> _print;
    private readonly LoadSettings _settings;
    private readonly LoadSwitch _switch = new();
    private readonly List<LoadProducer> _producers = [];
    private readonly HistoryChecker _checker = new(FaultLogs.Unsynced.Topic);
    private readonly Follower[] _followers;
    private int _processes;

    /// <summary>Starts to work; the topics must be there.</summary>
    /// <param name="isFollowed">Whether there are consumers as well.</param>
    /// <param name="relay">What the clients connect to in place of the broker.</param>
    public LoadFleet(BrokerProcess broker, long seed, Action<string> print, bool isFollowed = true, TcpRelay? relay = null)
    {
        (_broker, _print) = (broker, print);
        _settings = new LoadSettings(relay?.Address ?? broker.Server, FaultLogs.Durable, seed, _switch);
        _followers = isFollowed
            ? [new Follower(_settings.Server, FaultLogs.Kept[0].Topic), new Follower(_settings.Server, FaultLogs.Unsynced.Topic)]
            : [];
        for (int each = 0; each < ProducersOfEachKind; each++)
        {
            AddAwaiting(_settings);
            AddStreaming(_settings);
        }

        // On its own: when a cut takes its records, the broker has another idea of its sequences than it has itself.
        AddAwaiting(_settings with { Logs = [FaultLogs.Unsynced] });
    }

    /// <summary>All that was sent so far, of a producer in order.</summary>
    public IEnumerable<SentRecord> Records => _producers.SelectMany(producer => producer.RecordsSoFar());

    /// <summary>What has had no answer so far.</summary>
    public IReadOnlyList<SentRecord> Pending() => [.. Records.Where(record => record.Outcome == SendOutcome.Pending)];

    public int Sent => _producers.Sum(producer => producer.Records.Count);

    public int Acked => _producers.Sum(producer => producer.Acked);

    public int InFlight => _producers.Sum(producer => producer.InFlight);

    /// <summary>Acks that named the offset of an earlier attempt.</summary>
    public int Duplicates => _producers.Sum(producer => producer.Duplicates);

    /// <summary>Records acked with durability os that were gone at the last check, as they may be.</summary>
    public int LostUnsynced => _checker.LostUnsynced;

    /// <summary>One more, which meets the broker for the first time; of each kind in turn. It can be held back by itself.</summary>
    public LoadProducer AddFresh()
    {
        LoadSettings own = _settings with { Switch = new LoadSwitch() };
        return _processes % 2 == 0 ? AddStreaming(own) : AddAwaiting(own);
    }

    /// <summary>What was acked with durability os until now may be gone.</summary>
    public void NotePowerCut() => _checker.NotePowerCut();

    /// <summary>Has a producer send no more and waits for its last answer.</summary>
    public static async Task QuietAsync(LoadProducer producer)
    {
        await producer.StopAsync();
        await WaitAsync(() => producer.InFlight == 0);
    }

    /// <summary>Waits until records have had an answer.</summary>
    public static Task AnsweredAsync(IReadOnlyList<SentRecord> records)
    {
        int answered = 0;
        return WaitAsync(() =>
        {
            while (answered < records.Count && records[answered].Outcome != SendOutcome.Pending)
            {
                answered++;
            }

            return answered == records.Count;
        });
    }

    /// <summary>Holds the producers back, waits for what is in flight, and compares what was sent with what is in the log.</summary>
    public async Task<Findings> CheckAsync()
    {
        _switch.Pause();
        await WaitAsync(() => InFlight == 0);
        using var timeout = new CancellationTokenSource(QuietMax);
        IReadOnlyList<LogContent> logs = await LogReader.ReadAllAsync(_broker.Server, FaultLogs.All, timeout.Token);
        Findings findings = _checker.Check(_producers.ToDictionary(producer => producer.Process, producer => producer.Records), logs);
        foreach (Follower follower in _followers)
        {
            await follower.CheckAsync(logs.Where(log => log.Name.Topic == follower.Topic), findings, timeout.Token);
        }

        if (_broker.Output is var output && (output.Contains(" FTL ", StringComparison.Ordinal) || output.Contains(" ERR ", StringComparison.Ordinal)))
        {
            findings.Add("broker-error", output);
        }

        double quarantined = (await _broker.MetricsAsync())["broker_partitions_quarantined"];
        if (quarantined > 0)
        {
            findings.Add("quarantined", $"{quarantined} partitions:\n{_broker.Output}");
        }

        _print($"drained {logs.Sum(log => log.Records.Count):N0} records: {(findings.Any ? "BAD" : "nothing lost, nothing twice, all in order")}");
        foreach (string example in findings.Examples)
        {
            _print("  " + example);
        }

        _switch.Resume();
        return findings;
    }

    /// <summary>The end: an orderly stop and start must not lose anything either.</summary>
    public async Task<Findings> StopAndCheckAsync()
    {
        await Task.WhenAll(_producers.Select(QuietAsync));
        int code = await _broker.StopAsync();
        if (code != 0)
        {
            var findings = new Findings();
            findings.Add("unclean-stop", $"exit code {code} after SIGTERM:\n{_broker.Output}");
            return findings;
        }

        await _broker.StartAsync();
        return await CheckAsync();
    }

    /// <summary>After a failure the producers may fail as well: that must not hide what came first.</summary>
    public async Task CloseAsync(bool isComplete)
    {
        _switch.Resume();
        Task closing = Task.WhenAll(_producers.Select(producer => producer.DisposeAsync().AsTask()));
        if (isComplete)
        {
            await closing;
            return;
        }

        _print($"The run broke off. The broker's last words:\n{_broker.Output}");
        await closing.WaitAsync(CloseMax).ContinueWith(
            task => _print($"closing: {task.Exception?.InnerException?.Message ?? "done"}"), TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (Follower follower in _followers)
        {
            await follower.DisposeAsync();
        }
    }

    private static async Task WaitAsync(Func<bool> isQuiet)
    {
        long since = Stopwatch.GetTimestamp();
        while (!isQuiet() && Stopwatch.GetElapsedTime(since) < QuietMax)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }
    }

    private AwaitingProducer AddAwaiting(LoadSettings settings) => Add(new AwaitingProducer(settings, ++_processes));

    private StreamingProducer AddStreaming(LoadSettings settings) => Add(new StreamingProducer(settings, ++_processes));

    private T Add<T>(T producer)
        where T : LoadProducer
    {
        _producers.Add(producer);
        producer.Start();
        return producer;
    }
}
