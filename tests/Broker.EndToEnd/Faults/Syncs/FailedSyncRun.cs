using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.Syncs;

/// <summary>
/// Has one sync of a broker under load fail, again and again. The next sync would succeed, as Linux has it: a broker that tried
/// again would go on. It must ack nothing more and end, and what it had acked must be there.
/// </summary>
internal sealed partial class FailedSyncRun(int runs, long seed, string dataDirectory, Action<string> print)
{
    // Of one thread; starting takes the first few.
    private const int WhenMax = 120, CheckEvery = 10;

    private static readonly TimeSpan LifeMax = TimeSpan.FromSeconds(30);

    // A start that fails has acked nothing, and under strace what it had begun takes a while.
    private static readonly TimeSpan ExitMax = TimeSpan.FromSeconds(1), StartExitMax = TimeSpan.FromSeconds(2);

    // From the failure in the kernel to the moment when all threads of the broker know of it. An ack that was on its way may arrive
    // later; it is what is asked for later that must not be acked.
    private static readonly TimeSpan NoticedWithin = TimeSpan.FromMilliseconds(100);

    private readonly Random _random = new(unchecked((int)seed));
    private readonly List<FailedSync> _runs = [];
    private int _ackedBefore;

    public async Task<FailedSyncReport> RunAsync()
    {
        print($"seed {seed}");
        await using var broker = new BrokerProcess(dataDirectory, LoadFleet.SmallFiles);
        await broker.StartAsync();
        await FaultLogs.CreateAsync(broker.Server);
        await using var fleet = new LoadFleet(broker, seed, print);
        await broker.StopAsync();
        var findings = new Findings();
        bool isComplete = false;
        try
        {
            for (int run = 1; run <= runs && !findings.Any; run++)
            {
                await FailAsync(broker, fleet, run, findings);
                if (!findings.Any && (run % CheckEvery == 0 || run == runs))
                {
                    findings = await CheckAsync(broker, fleet, isLast: run == runs);
                }
            }

            isComplete = !findings.Any;
        }
        finally
        {
            await fleet.CloseAsync(isComplete);
        }

        return new FailedSyncReport(seed, _runs, fleet.Sent, fleet.Acked, findings.Counts, findings.Examples);
    }

    // 1234 1700000000.123456 fdatasync(12</data/journal/00000000000000000001.journal>) = -1 EIO (Input/output error) (INJECTED)
    [GeneratedRegex(@"^\d+ +(?<time>\d+\.\d+) .*?(<(?<path>/[^>]*)>)?\)? *\) *= -1 EIO .*\(INJECTED\)", RegexOptions.Multiline)]
    private static partial Regex Injected();

    private async Task FailAsync(BrokerProcess broker, LoadFleet fleet, int run, Findings findings)
    {
        using var directory = new TemporaryDirectory();
        string calls = Path.Combine(directory.Path, "calls");
        int when = 1 + _random.Next(WhenMax);
        broker.LaunchedBy = Strace.FailingSync(calls, when);
        DateTimeOffset launched = TimeProvider.System.GetUtcNow();
        long launchedAt = Stopwatch.GetTimestamp();
        broker.Launch();
        Task<int> exit = broker.ExitAsync();
        if (await Task.WhenAny(exit, Task.Delay(LifeMax)) != exit)
        {
            string state = await JournalState.DescribeAsync(broker);
            findings.Add("no-exit", $"run {run}: it lives {LifeMax} after its start, with sync {when} of a thread to fail:\n{state}\n{broker.Output}");
            using Process process = Process.GetProcessById(broker.ProcessId);
            process.Kill();
            await exit;
            return;
        }

        TimeSpan ended = Stopwatch.GetElapsedTime(launchedAt);
        Match failure = Injected().Match(await File.ReadAllTextAsync(calls));
        if (!failure.Success)
        {
            findings.Add("ended-by-itself", $"run {run}: with code {await exit}, and no sync had failed:\n{broker.Output}");
            return;
        }

        double unixSeconds = double.Parse(failure.Groups["time"].Value, CultureInfo.InvariantCulture);
        TimeSpan failed = DateTimeOffset.UnixEpoch.AddSeconds(unixSeconds) - launched;
        long failedAt = launchedAt + (long)(failed.TotalSeconds * Stopwatch.Frequency);
        long lateFrom = failedAt + (long)(NoticedWithin.TotalSeconds * Stopwatch.Frequency);
        SentRecord[] unanswered = [.. fleet.Records.Where(record => record.CompletedAt >= failedAt)];
        int inFlight = unanswered.Count(record => record.InvokedAt < failedAt), acked = fleet.Acked;
        int late = unanswered.Count(record => record.Outcome == SendOutcome.Acked && record.InvokedAt >= lateFrom);
        string file = failure.Groups["path"].Success ? Path.GetRelativePath(dataDirectory, failure.Groups["path"].Value) : "?";
        var result = new FailedSync(run, when, file, acked - _ackedBefore, inFlight, late, (ended - failed).TotalMilliseconds, await exit);
        _ackedBefore = acked;
        _runs.Add(result);
        print(result.ToString());
        TimeSpan exitMax = result.Acks > 0 ? ExitMax : StartExitMax;
        if (result.ExitCode == 0 || result.LateAcks > 0 || result.ExitMs > exitMax.TotalMilliseconds)
        {
            findings.Add("went-on", $"{result}\n{broker.Output}");
        }
    }

    private async Task<Findings> CheckAsync(BrokerProcess broker, LoadFleet fleet, bool isLast)
    {
        broker.LaunchedBy = [];
        broker.ForgetOutput();
        await broker.StartAsync();
        Findings findings = isLast ? await fleet.StopAndCheckAsync() : await fleet.CheckAsync();
        if (!isLast)
        {
            await broker.StopAsync();
        }

        _ackedBefore = fleet.Acked;
        return findings;
    }
}
