using System.Diagnostics;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.Restarts;

/// <summary>
/// Stops a broker under load in order and starts it again, as an update would. Producers, consumers and other callers may have to
/// wait, and see no error.
/// </summary>
internal sealed class GracefulRun(int restarts, long seed, string dataDirectory, Action<string> print)
{
    private const int AcksMin = 1_000, LingerMaxMs = 500, CheckEvery = 25;

    private static readonly TimeSpan LifeMax = TimeSpan.FromSeconds(30), StopMax = TimeSpan.FromSeconds(10);

    private readonly Random _random = new(unchecked((int)seed));
    private readonly List<GracefulRestart> _restarts = [];

    public async Task<GracefulReport> RunAsync()
    {
        print($"seed {seed}");
        await using var broker = new BrokerProcess(dataDirectory, LoadFleet.SmallFiles);
        await broker.StartAsync();
        await FaultLogs.CreateAsync(broker.Server);
        await using var fleet = new LoadFleet(broker, seed, print);
        await using var asker = new Asker(broker.Server, FaultLogs.Kept[0].Topic);
        var findings = new Findings();
        bool isComplete = false;
        try
        {
            for (int restart = 1; restart <= restarts && !findings.Any; restart++)
            {
                await RestartAsync(broker, fleet, asker, restart, findings);
                if (!findings.Any && restart % CheckEvery == 0)
                {
                    findings = await fleet.CheckAsync();
                }
            }

            if (!findings.Any)
            {
                findings = await fleet.StopAndCheckAsync();
            }

            isComplete = true;
        }
        finally
        {
            await fleet.CloseAsync(isComplete);
        }

        if (asker.Failure is { } failure)
        {
            findings.Add("failed-call", failure);
        }

        return new GracefulReport(
            restarts, seed, _restarts, fleet.Acked, fleet.Duplicates, asker.Answers, findings.Counts, findings.Examples);
    }

    private async Task RestartAsync(BrokerProcess broker, LoadFleet fleet, Asker asker, int restart, Findings findings)
    {
        await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(LingerMaxMs)));
        long lingering = Stopwatch.GetTimestamp();
        while (fleet.InFlight == 0 && Stopwatch.GetElapsedTime(lingering) < LifeMax)
        {
            await Task.Yield();
        }

        int inFlight = fleet.InFlight, acked = fleet.Acked;
        asker.Measure();
        long stopping = Stopwatch.GetTimestamp();
        int code = await broker.StopAsync();
        TimeSpan stop = Stopwatch.GetElapsedTime(stopping);
        if (code != 0)
        {
            findings.Add("unclean-stop", $"exit code {code} after SIGTERM:\n{broker.Output}");
        }

        if (stop > StopMax)
        {
            findings.Add("slow-stop", $"{stop} after SIGTERM:\n{broker.Output}");
        }

        TimeSpan start = await broker.StartAsync();
        int answers = asker.Answers;
        while ((fleet.Acked - acked < AcksMin || (asker.Answers == answers && asker.Failure is null)) && Stopwatch.GetElapsedTime(stopping) < LifeMax)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5));
        }

        long slowestAck = fleet.Records.Where(record => record.CompletedAt >= stopping && record.Outcome == SendOutcome.Acked)
            .Select(record => record.CompletedAt - record.InvokedAt).DefaultIfEmpty().Max();
        var result = new GracefulRestart(
            restart, fleet.Acked - acked, inFlight, stop.TotalMilliseconds, start.TotalMilliseconds,
            TimeSpan.FromSeconds((double)slowestAck / Stopwatch.Frequency).TotalMilliseconds, asker.Slowest.TotalMilliseconds);
        _restarts.Add(result);
        print(result.ToString());
    }
}
