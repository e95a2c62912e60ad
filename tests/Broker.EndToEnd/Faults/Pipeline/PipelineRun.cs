using System.Diagnostics;
using Broker.Client;
using Broker.EndToEnd.Harness;
using Broker.Records;

namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>
/// Real flights through a pipeline of worker processes that read, add up per route and write, while they and the broker are killed. Then
/// the totals are compared with the file's.
/// </summary>
internal sealed class PipelineRun(PipelinePlan plan, string dataDirectory, Action<string> print)
{
    private const int Workers = 3;

    private static readonly TimeSpan QuietMax = TimeSpan.FromMinutes(2), PollInterval = TimeSpan.FromMilliseconds(50);

    public async Task<PipelineReport> RunAsync()
    {
        print($"{plan.Delivery}, seed {plan.Seed}");
        FlightSchedule flights = await FlightSchedule.LoadAsync();
        await using var broker = new BrokerProcess(dataDirectory, LoadFleet.SmallFiles);
        await broker.StartAsync();
        await using var client = new BrokerClient(new BrokerClientOptions { Server = broker.Server, ClientId = "flights", RequestTimeout = QuietMax });
        await client.Admin.CreateTopicAsync(PipelineNames.Flights, PipelineNames.Partitions);
        await client.Admin.CreateTopicAsync(PipelineNames.RouteDelays, PipelineNames.Partitions);

        PipelineWorker[] workers = [.. Enumerable.Range(0, Workers).Select(number => StartWorker(broker.Server, number))];
        await using var progress = new PipelineProgress(client, plan.Delivery);
        var killer = new PipelineKiller(plan, broker, workers, progress, print);
        long startedAt = Stopwatch.GetTimestamp();
        var faults = new List<string>();
        try
        {
            Task kills = killer.RunAsync(startedAt);
            await Task.WhenAll(kills, new FlightFeed(client, flights, plan).RunAsync(startedAt, kills));
            await DrainAsync(workers, progress, faults);
        }
        finally
        {
            foreach (PipelineWorker worker in workers)
            {
                await worker.DisposeAsync();
            }
        }

        double seconds = Stopwatch.GetElapsedTime(startedAt).TotalSeconds;
        long transactions = killer.Commits + await killer.CommitsAsync();
        PipelineVerdict verdict = await JudgeAsync(client, flights);
        if (broker.Output.Contains(" ERR ", StringComparison.Ordinal) || broker.Output.Contains(" FTL ", StringComparison.Ordinal))
        {
            faults.Add($"broker-error: {broker.Output}");
        }

        return new PipelineReport(plan, killer.WorkerKills, killer.BrokerKills, killer.Idle, transactions, seconds, verdict, faults);
    }

    private PipelineWorker StartWorker(string server, int number) => new(
        server, plan.Delivery, $"worker-{number}", $"{dataDirectory}.worker-{number}",
        [.. Enumerable.Range(0, PipelineNames.Partitions).Where(partition => partition % Workers == number)]);

    /// <summary>Waits until all that was fed is consumed, and stops the workers.</summary>
    private static async Task DrainAsync(PipelineWorker[] workers, PipelineProgress progress, List<string> faults)
    {
        long since = Stopwatch.GetTimestamp();
        while (!await progress.IsDoneAsync())
        {
            if (Stopwatch.GetElapsedTime(since) > QuietMax)
            {
                faults.Add($"stuck: not everything is consumed after {QuietMax}");
                break;
            }

            await Task.Delay(PollInterval);
        }

        foreach (PipelineWorker worker in workers)
        {
            if (worker.HasFailed || await worker.StopAsync() != 0)
            {
                faults.Add($"worker-ended: {worker.Name} failed:\n{worker.Output}");
            }
        }
    }

    private async Task<PipelineVerdict> JudgeAsync(BrokerClient client, FlightSchedule flights)
    {
        var judge = new PipelineJudge(plan.Records);
        await foreach (ConsumedBatch batch in ReadAsync(client, PipelineNames.Flights))
        {
            foreach (RecordView record in batch.Records())
            {
                judge.AddFlight(batch.Partition, record.Offset, Flight.Parse(record.Value.Span));
            }
        }

        await foreach (ConsumedBatch batch in ReadAsync(client, PipelineNames.RouteDelays))
        {
            foreach (RecordView record in batch.Records())
            {
                judge.AddOutput(RouteDelays.Parse(record.Value.Span));
            }
        }

        return judge.Judge(flights.Totals(plan.Records));
    }

    private static async IAsyncEnumerable<ConsumedBatch> ReadAsync(BrokerClient client, string topic)
    {
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = topic, From = StartAt.Earliest, StopAtEnd = true });
        await foreach (ConsumedBatch batch in consumer.ReadBatchesAsync())
        {
            yield return batch;
        }
    }
}
