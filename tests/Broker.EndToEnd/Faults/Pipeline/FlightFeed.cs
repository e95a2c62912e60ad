using System.Diagnostics;
using Broker.Client;

namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>Produces the flights while the pipeline runs, as many in each second as it takes to last until the end.</summary>
internal sealed class FlightFeed(BrokerClient client, FlightSchedule flights, PipelinePlan plan)
{
    // While kills are late the last ones come in ever smaller shares of what is left: each kill is to meet a pipeline at work.
    private const double HeldBackFrom = 0.97;
    private const int ShareOfTheRest = 100;

    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(50);

    /// <param name="startedAt">On the monotonic clock.</param>
    /// <returns>When all are acknowledged.</returns>
    public async Task RunAsync(long startedAt, Task kills)
    {
        await using Producer producer = client.CreateProducer(new ProducerOptions { DeliveryTimeout = TimeSpan.FromMinutes(5) });
        int sent = 0;
        while (sent < plan.Records && !kills.IsFaulted)
        {
            double share = Math.Min(Stopwatch.GetElapsedTime(startedAt) / plan.Duration, 1);
            int due = kills.IsCompleted || share < HeldBackFrom
                ? (int)(plan.Records * share)
                : sent + ((plan.Records - sent) / ShareOfTheRest);
            for (; sent < due; sent++)
            {
                while (!producer.TrySend(PipelineNames.Flights, flights.Key(sent), flights.Value(sent)))
                {
                    await producer.WaitForSpaceAsync();
                }
            }

            await Task.Delay(Interval);
        }

        await producer.FlushAsync();
    }
}
