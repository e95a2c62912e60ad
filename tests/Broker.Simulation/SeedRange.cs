using System.Diagnostics;

namespace Broker.Simulation;

/// <summary>Runs seeds one after the other on several threads.</summary>
internal static class SeedRange
{
    private const int FailuresMax = 5;
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromSeconds(20);

    public static SimulationReport Run(ulong first, int seeds, int jobs, Action<string> print)
    {
        var report = new SimulationReport { FirstSeed = first };
        var gate = new Lock();
        long started = Stopwatch.GetTimestamp();
        TimeSpan printed = TimeSpan.Zero;
        long next = -1;
        var threads = new Thread[Math.Min(jobs, seeds)];
        for (int i = 0; i < threads.Length; i++)
        {
            threads[i] = new Thread(RunSome);
            threads[i].Start();
        }

        foreach (Thread thread in threads)
        {
            thread.Join();
        }

        report.Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        return report;

        void RunSome()
        {
            while (Interlocked.Increment(ref next) is var number && number < seeds)
            {
                SeedResult result = SimulationRun.Run(first + (ulong)number);
                lock (gate)
                {
                    report.Add(result);
                    if (result.Failure is not null)
                    {
                        print($"Seed {result.Seed} (again: tests/simulate --seed {result.Seed}): {result.Failure}");
                        if (report.Failures.Count >= FailuresMax)
                        {
                            Interlocked.Exchange(ref next, seeds);
                        }
                    }

                    TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
                    if (elapsed - printed > ProgressInterval)
                    {
                        printed = elapsed;
                        print($"{report.Seeds} of {seeds} seeds, {report.Failures.Count} failed, {report.Seeds / elapsed.TotalSeconds:0} a second");
                    }
                }
            }
        }
    }
}
