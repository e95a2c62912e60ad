using System.Diagnostics;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.Restarts;

/// <summary>
/// Starts a broker and kills it after up to two seconds, again and again under load. Every second life is counted from the start of
/// the process, so that some end before it serves, in the middle of recovery. Its state must be right and its directory hold nothing that nobody needs.
/// </summary>
internal sealed class RestartRun(int restarts, long seed, string dataDirectory, Action<string> print)
{
    private const int LifeMaxMs = 2_000, CheckEvery = 25;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    private readonly Random _random = new(unchecked((int)seed));

    public async Task<RestartReport> RunAsync()
    {
        print($"seed {seed}");
        await using var broker = new BrokerProcess(dataDirectory, LoadFleet.SmallFiles);
        await broker.StartAsync();
        await FaultLogs.CreateAsync(broker.Server);
        await using var fleet = new LoadFleet(broker, seed, print);
        await broker.KillAsync();
        Findings findings = new();
        int inRecovery = 0, checks = 0;
        double worstStartMs = 0;
        bool isComplete = false;
        try
        {
            for (int restart = 1; restart <= restarts && !findings.Any; restart++)
            {
                if (!await LiveAsync(broker, TimeSpan.FromMilliseconds(_random.Next(LifeMaxMs)), isCountedFromServing: restart % 2 == 0))
                {
                    inRecovery++;
                }

                if (restart % CheckEvery == 0 || restart == restarts)
                {
                    worstStartMs = Math.Max(worstStartMs, (await broker.StartAsync()).TotalMilliseconds);
                    findings = await fleet.CheckAsync();
                    checks++;
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
    private static async Task<bool> LiveAsync(BrokerProcess broker, TimeSpan lifetime, bool isCountedFromServing)
    {
        bool hasServed = isCountedFromServing;
        if (isCountedFromServing)
        {
            await broker.StartAsync();
        }
        else
        {
            broker.Launch();
        }

        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < lifetime)
        {
            hasServed |= await broker.IsReadyAsync();
            await Task.Delay(PollInterval);
        }

        await broker.KillAsync();
        return hasServed;
    }
}
