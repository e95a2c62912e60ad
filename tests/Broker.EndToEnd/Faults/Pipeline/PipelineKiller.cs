using System.Diagnostics;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>Kills workers and the broker while something is in flight, and starts them again.</summary>
internal sealed class PipelineKiller(
    PipelinePlan plan, BrokerProcess broker, IReadOnlyList<PipelineWorker> workers, PipelineProgress progress, Action<string> print)
{
    private const int LookMaxMs = 20;

    // From the start of a worker until it has something in flight; it may be long on a machine that does other things as well.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Random _random = new(unchecked((int)plan.Seed * 31));

    // What each worker's partitions had committed when it was started: it is not killed before it has done more.
    private readonly Dictionary<PipelineWorker, long> _atStart = workers.ToDictionary(worker => worker, _ => 0L);

    public int WorkerKills { get; private set; }

    public int BrokerKills { get; private set; }

    /// <summary>Kills that met nothing in flight.</summary>
    public int Idle { get; private set; }

    /// <summary>Commits of all lives of the broker that were ended, as it had counted them.</summary>
    public long Commits { get; private set; }

    /// <param name="startedAt">On the monotonic clock.</param>
    public async Task RunAsync(long startedAt)
    {
        foreach ((TimeSpan at, bool isOfBroker) in plan.Kills())
        {
            TimeSpan wait = at - Stopwatch.GetElapsedTime(startedAt);
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            await (isOfBroker ? KillBrokerAsync() : KillWorkerAsync(workers[_random.Next(workers.Count)]));
            if (workers.FirstOrDefault(worker => worker.HasFailed) is { } failed)
            {
                throw new InvalidOperationException($"{failed.Name} ended by itself:\n{failed.Output}");
            }
        }
    }

    private async Task KillWorkerAsync(PipelineWorker worker)
    {
        await FreezeAsync([worker]);
        _atStart[worker] = await CommittedAsync(worker);
        await worker.ReplaceAsync();
        WorkerKills++;
    }

    private async Task KillBrokerAsync()
    {
        await FreezeAsync(workers);
        Commits += await CommitsAsync();
        await broker.KillAsync();
        BrokerKills++;
        foreach (PipelineWorker worker in workers)
        {
            worker.Resume();
        }

        TimeSpan start = await broker.StartAsync();
        print($"broker killed and back after {start.TotalMilliseconds:F0} ms; {WorkerKills} workers killed, {Commits:N0} transactions");
    }

    /// <summary>What the running broker has committed since its start.</summary>
    public async Task<long> CommitsAsync() => (long)(await broker.MetricsAsync())["broker_transaction_commits_total"];

    /// <summary>Has workers stand still when one of them has something in flight.</summary>
    private async Task FreezeAsync(IReadOnlyList<PipelineWorker> those)
    {
        long since = Stopwatch.GetTimestamp();
        while (true)
        {
            await Task.WhenAll(those.Select(worker => worker.PauseAsync()));
            foreach (PipelineWorker worker in those)
            {
                if (await progress.IsInFlightAsync(worker) && await CommittedAsync(worker) > _atStart[worker])
                {
                    return;
                }
            }

            if (Stopwatch.GetElapsedTime(since) > Patience)
            {
                Idle++;
                return;
            }

            foreach (PipelineWorker worker in those)
            {
                worker.Resume();
            }

            await Task.Delay(_random.Next(1, LookMaxMs));
        }
    }

    private async Task<long> CommittedAsync(PipelineWorker worker)
    {
        IReadOnlyDictionary<int, long> committed = await progress.CommittedAsync();
        return worker.Partitions.Sum(partition => committed.GetValueOrDefault(partition));
    }
}
