using System.Diagnostics;
using Broker.EndToEnd.Harness;

namespace Broker.MainJob;

/// <summary>What a piece of work took: time, and of the broker's process the processor time and managed allocation.</summary>
/// <param name="AllocatedBytes">Includes one reading of /metrics.</param>
internal readonly record struct Usage(TimeSpan Elapsed, TimeSpan BrokerProcessor, double AllocatedBytes)
{
    public static async Task<Usage> MeasureAsync(BrokerProcess broker, Func<Task> work)
    {
        using Process process = Process.GetProcessById(broker.ProcessId);
        double allocatedBefore = await AllocatedAsync(broker);
        TimeSpan processorBefore = process.TotalProcessorTime;
        long started = Stopwatch.GetTimestamp();
        await work();
        TimeSpan elapsed = Stopwatch.GetElapsedTime(started);
        process.Refresh();
        TimeSpan processor = process.TotalProcessorTime - processorBefore;
        return new Usage(elapsed, processor, await AllocatedAsync(broker) - allocatedBefore);
    }

    public string Describe(int records, int recordBytes)
    {
        double perSecond = records / Elapsed.TotalSeconds;
        return $"{perSecond,12:N0} records/s  {perSecond * recordBytes / 1e6,7:N0} MB/s  in {Elapsed.TotalSeconds:F2} s; "
            + $"broker: {AllocatedBytes / records:F3} B allocated per record, {BrokerProcessor.TotalSeconds / records * 1e6:F2} core-s per million";
    }

    private static async Task<double> AllocatedAsync(BrokerProcess broker) => (await broker.MetricsAsync())["broker_allocated_bytes_total"];
}
