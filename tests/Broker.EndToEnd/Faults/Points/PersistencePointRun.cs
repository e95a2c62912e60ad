using Broker.Client;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.Points;

/// <summary>
/// Crashes a broker before each call by which it makes something last, while it does the same work each time; once with all that it
/// had written there at the next start, once with only what it had synced, once without the snapshot log.
/// </summary>
internal sealed class PersistencePointRun(PowerCutDisk disk, Action<string> print)
{
    private static readonly TimeSpan ScriptMax = TimeSpan.FromSeconds(90);

    private int _runs;

    /// <param name="points">How many points, spread evenly over the script; 0 for each of them.</param>
    /// <param name="below">Only calls on files below this directory of the data; empty for all.</param>
    public async Task<PointReport> RunAsync(int points, string below, IReadOnlyList<Aftermath> aftermaths)
    {
        IReadOnlyList<string> calls = await CountAsync();
        int[] eligible = [.. Enumerable.Range(1, calls.Count).Where(point => calls[point - 1].Split(' ')[1].StartsWith(below, StringComparison.Ordinal))];
        print($"{calls.Count} calls, {eligible.Length} of them eligible");
        int count = points == 0 ? eligible.Length : Math.Min(points, eligible.Length);
        var results = new List<PointResult>();
        for (int at = 0; at < count; at++)
        {
            // The middle of each part.
            int point = eligible[(int)((at + 0.5) * eligible.Length / count)];

            // All of them at each point in a whole run, one after the other in a sample.
            foreach (Aftermath aftermath in points == 0 ? aftermaths : [aftermaths[at % aftermaths.Count]])
            {
                (PointResult result, _) = await CrashAsync(point, aftermath);
                print(result.ToString());
                results.Add(result);
            }
        }

        return new PointReport(calls.Count, results);
    }

    private async Task<IReadOnlyList<string>> CountAsync()
    {
        (PointResult whole, IReadOnlyList<string> calls) = await CrashAsync(0, Aftermath.CacheKept);
        return whole.Findings.Count == 0 ? calls : throw new InvalidOperationException($"The script fails without any crash: {whole}");
    }

    /// <param name="point">0: none.</param>
    private async Task<(PointResult Result, IReadOnlyList<string> Calls)> CrashAsync(int point, Aftermath aftermath)
    {
        string data = Path.Combine(disk.Directory, $"data-{++_runs}");
        var findings = new Findings();
        using var timeout = new CancellationTokenSource(ScriptMax);
        await using var broker = new BrokerProcess(data, ScriptedLoad.SmallFiles);
        var load = new ScriptedLoad(broker.Server);
        DateTimeOffset began = TimeProvider.System.GetUtcNow();
        Task script = Task.CompletedTask;
        DroppedWrites dropped = default;
        TimeSpan restart = default;
        using var watch = new CallWatch(data, point, () => Signals.Send(broker.ProcessId, Signals.Kill));
        try
        {
            broker.LaunchedBy = watch.LaunchedBy;
            broker.Launch();
            script = Task.Run(() => load.RunAsync(timeout.Token));
            await EndAsync(broker, script, watch, findings);
            dropped = await LeaveAsync(data, began, aftermath);
            broker.LaunchedBy = [];
            restart = await broker.StartAsync();
            await script;
            await load.CheckAsync(broker, findings, timeout.Token);
        }
        catch (InvalidOperationException error)
        {
            findings.Add("no-restart", error.Message);
        }
        catch (BrokerException error)
        {
            findings.Add("script-failed", $"{error.Message}\n{broker.Output}");
        }
        catch (OperationCanceledException)
        {
            findings.Add("stuck", $"the script has not ended after {ScriptMax}:\n{broker.Output}");
        }

        await timeout.CancelAsync();
        await script.ContinueWith(_ => { }, TaskScheduler.Default);
        if (findings.Counts.Count == 0)
        {
            Directory.Delete(data, recursive: true);
        }

        var result = new PointResult(
            point, aftermath, watch.Killed, dropped.Bytes, load.Acked, restart.TotalMilliseconds, findings.Counts, findings.Examples);
        return (result, watch.Seen);
    }

    /// <summary>Lets the script run until the watch kills the broker; after its end the broker is stopped in order, which is part of it.</summary>
    private static async Task EndAsync(BrokerProcess broker, Task script, CallWatch watch, Findings findings)
    {
        int processId = broker.ProcessId;
        Task<int> exit = broker.ExitAsync();
        await Task.WhenAny(exit, script);
        if (!exit.IsCompleted)
        {
            Signals.Send(processId, Signals.Terminate);
        }

        int code = await exit;
        await watch.EndedAsync();
        if (watch.Killed is null && code != 0)
        {
            findings.Add("ended-by-itself", $"with code {code}:\n{broker.Output}");
        }
    }

    private async Task<DroppedWrites> LeaveAsync(string data, DateTimeOffset began, Aftermath aftermath)
    {
        if (aftermath == Aftermath.CacheKept)
        {
            return default;
        }

        DroppedWrites dropped = await disk.CutAsync(began, () => Task.CompletedTask);
        Directory.CreateDirectory(data);
        string snapshots = Path.Combine(data, "state");
        if (aftermath == Aftermath.SnapshotGone && Directory.Exists(snapshots))
        {
            Directory.Delete(snapshots, recursive: true);
        }

        return dropped;
    }
}
