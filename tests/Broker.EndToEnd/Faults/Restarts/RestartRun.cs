using System.Diagnostics;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.Restarts;

/// <summary>
/// Starts a broker and kills it, again and again under load. Every second life lasts up to two seconds from when it serves; the others
/// are counted from the start of the process and are no longer than the last start was: most of them end in the middle of recovery, some
/// within moments of serving. Its state must be right and its directory hold nothing that nobody needs.
/// </summary>
internal sealed class RestartRun(int restarts, long seed, string dataDirectory, Action<string> print)
{
    private const int CheckEvery = 25;

    private static readonly TimeSpan ServingMax = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    private readonly Random _random = new(unchecked((int)seed));

    // The last one that was waited for: it depends on the machine, on what else runs there, and on how much is to be recovered.
    private TimeSpan _start;

    public async Task<RestartReport> RunAsync()
    {
        print($"seed {seed}");
        await using var broker = new BrokerProcess(dataDirectory, LoadFleet.SmallFiles);
        _start = await broker.StartAsync();
        await FaultLogs.CreateAsync(broker.Server);
        await using var fleet = new LoadFleet(broker, seed, print);
        await broker.KillAsync();
        Findings findings = new();
        int inRecovery = 0;
        double worstStartMs = 0;
        bool isComplete = false;
        try
        {
            for (int restart = 1; restart <= restarts && !findings.Any; restart++)
            {
                if (!await LiveAsync(broker, isCountedFromServing: restart % 2 == 0))
                {
                    inRecovery++;
                }

                if (restart % CheckEvery == 0 || restart == restarts)
                {
                    _start = await broker.StartAsync();
                    worstStartMs = Math.Max(worstStartMs, _start.TotalMilliseconds);
                    findings = await fleet.CheckAsync();
                    print($"{restart} restarts, {inRecovery} of them ended before serving, {fleet.Acked:N0} acks");
                    if (restart < restarts)
                    {
                        await broker.KillAsync();
                    }
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

        // With no load and nothing left to retain, what is on the disk follows from what is in the log.
        await broker.StopAsync();
        foreach (string leftOver in DataFiles.LeftOver(dataDirectory))
        {
            findings.Add("left-over", leftOver);
        }

        return new RestartReport(
            restarts, seed, inRecovery, fleet.Acked, fleet.Duplicates, worstStartMs, DataFiles.Count(dataDirectory), findings.Counts, findings.Examples);
    }

    /// <returns>Whether it served before it was killed.</returns>
    private async Task<bool> LiveAsync(BrokerProcess broker, bool isCountedFromServing)
    {
        bool hasServed = isCountedFromServing;
        TimeSpan lifetime = (isCountedFromServing ? ServingMax : _start) * _random.NextDouble();
        long since = Stopwatch.GetTimestamp();
        if (isCountedFromServing)
        {
            _start = await broker.StartAsync();
            since = Stopwatch.GetTimestamp();
        }
        else
        {
            broker.Launch();
        }

        while (Stopwatch.GetElapsedTime(since) < lifetime)
        {
            hasServed |= await broker.IsReadyAsync();
            await Task.Delay(PollInterval);
        }

        await broker.KillAsync();
        return hasServed;
    }
}
