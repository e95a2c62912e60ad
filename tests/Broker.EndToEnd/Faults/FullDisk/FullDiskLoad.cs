using System.Diagnostics;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.FullDisk;

/// <summary>Producers and a consumer that live through every full disk, and what they know of the log.</summary>
internal sealed class FullDiskLoad : IAsyncDisposable
{
    public const string Topic = "log";

    public static readonly LogName[] Logs = [new(Topic, 0), new(Topic, 1), new(Topic, 2)];

    // Away from those of the checks of the log itself.
    private const int FirstCheckOfFollower = 1_000_000;

    private static readonly TimeSpan QuietMax = TimeSpan.FromSeconds(60), ReadMax = TimeSpan.FromSeconds(30), Impatience = TimeSpan.FromSeconds(1);

    private readonly BrokerProcess _broker;
    private readonly LoadSwitch _switch = new();
    private readonly LoadSettings _settings;
    private readonly List<LoadProducer> _producers = [];
    private readonly List<LoadProducer> _retired = [];
    private readonly AwaitingProducer _impatient;
    private readonly Follower _follower;
    private readonly HistoryChecker _checker = new(), _followed = new(FirstCheckOfFollower);
    private int _processes;

    /// <summary>Starts to work; the topics must be there.</summary>
    public FullDiskLoad(BrokerProcess broker, long seed)
    {
        _broker = broker;
        _settings = new LoadSettings(broker.Server, Logs, seed, _switch);
        _follower = new Follower(broker.Server, Topic);
        _producers.Add(new AwaitingProducer(_settings, ++_processes));
        _producers.Add(new StreamingProducer(_settings, ++_processes));
        _producers.Add(new AwaitingProducer(_settings, ++_processes));
        _impatient = new AwaitingProducer(_settings, ++_processes, Impatience);
        BeImpatient(_impatient);
        _producers.ForEach(producer => producer.Start());
        _impatient.Start();
    }

    public int Sent => All.Sum(producer => producer.Records.Count);

    public int Acked => All.Sum(producer => producer.Acked);

    /// <summary>Sends that ended with an error, which only those do who are impatient.</summary>
    public int Failed => All.Sum(producer => producer.Failed);

    private IEnumerable<LoadProducer> All => [.. _producers, .. _retired, _impatient];

    public void Pause() => _switch.Pause();

    public void Resume() => _switch.Resume();

    /// <summary>One that sends to a topic that will be deleted, where nothing but it sends.</summary>
    public LoadProducer AddDoomed(LogName log)
    {
        var producer = new AwaitingProducer(_settings with { Logs = [log], Switch = new LoadSwitch() }, ++_processes, Impatience);
        BeImpatient(producer);
        _retired.Add(producer);
        producer.Start();
        return producer;
    }

    /// <summary>Which sends of each patient producer are to be answered before one of those is that come now.</summary>
    public IReadOnlyList<(LoadProducer Producer, int Answered)> Sends() =>
        [.. _producers.Select(producer => (producer, producer.Acked + producer.InFlight))];

    /// <summary>Reads every log with a new consumer and holds it against what was acked when reading began.</summary>
    public async Task<int> CheckWhileSendingAsync(IEnumerable<LogName> logs, Findings findings)
    {
        using var timeout = new CancellationTokenSource(ReadMax);
        long since = Stopwatch.GetTimestamp();
        IReadOnlyList<LogContent> contents = await LogReader.ReadAllAsync(_broker.Server, logs, timeout.Token);
        findings.AddAll(_checker.Check(Histories(), contents, answeredBefore: since));
        foreach (LogContent content in contents.Where(content => Logs.Contains(content.Name)))
        {
            if (!await _follower.CatchUpAsync(content.Name, content.HighWatermark, ReadMax))
            {
                findings.Add("follower-stuck", $"before offset {content.HighWatermark} of {content.Name}");
            }
        }

        return contents.Sum(content => content.Records.Count);
    }

    /// <summary>Has nothing more sent, waits for all answers, and checks the log and all that the follower ever saw of it.</summary>
    public async Task CheckAtRestAsync(Findings findings)
    {
        Pause();
        long since = Stopwatch.GetTimestamp();
        while (All.Sum(producer => producer.InFlight) > 0 && Stopwatch.GetElapsedTime(since) < QuietMax)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }

        using var timeout = new CancellationTokenSource(QuietMax);
        IReadOnlyList<LogContent> contents = await LogReader.ReadAllAsync(_broker.Server, Logs, timeout.Token);
        findings.AddAll(_checker.Check(Histories(), contents));
        foreach (LogContent content in contents)
        {
            await _follower.CatchUpAsync(content.Name, content.HighWatermark, ReadMax);
        }

        findings.AddAll(_followed.Check(Histories(), [.. Logs.Select(_follower.Content)]));
    }

    public async ValueTask DisposeAsync()
    {
        // Told to stop before they may go on: the broker is away by now.
        Task stopped = Task.WhenAll(All.Select(producer => producer.DisposeAsync().AsTask()));
        Resume();
        await stopped;
        await _follower.DisposeAsync();
    }

    private Dictionary<int, IReadOnlyList<SentRecord>> Histories() =>
        All.ToDictionary(producer => producer.Process, IReadOnlyList<SentRecord> (producer) => [.. producer.Records]);

    private void BeImpatient(LoadProducer producer)
    {
        _checker.Impatient.Add(producer.Process);
        _followed.Impatient.Add(producer.Process);
    }
}
