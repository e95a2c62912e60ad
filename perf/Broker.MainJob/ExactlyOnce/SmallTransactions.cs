using System.Diagnostics;
using Broker.Client;
using Broker.EndToEnd.Harness;

namespace Broker.MainJob.ExactlyOnce;

internal sealed class SmallTransactions(BrokerProcess broker)
{
    private const int RecordsInOne = 10, Partitions = 4, Many = 64, ValueBytes = 100;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5), Duration = TimeSpan.FromSeconds(10);

    private int _number;

    public async Task<int> RunAsync()
    {
        await using var client = new BrokerClient(broker.Server);
        await client.Admin.CreateTopicAsync("t", Partitions, new Dictionary<string, string> { ["retention.bytes"] = $"{256 << 20}" });
        foreach (int clients in (int[])[1, Many])
        {
            await RunAsync(clients, WarmUp);
            Latencies latencies = await RunAsync(clients, Duration);
            Console.WriteLine(
                $"{clients,2} clients, {RecordsInOne} records over {Partitions} partitions: {latencies.Count / Duration.TotalSeconds:N0} transactions/s; {latencies}");
        }

        return 0;
    }

    /// <summary>From the first record to the answer to the commit.</summary>
    private async Task<Latencies> RunAsync(int clients, TimeSpan duration)
    {
        var latencies = new Latencies();
        using var stop = new CancellationTokenSource(duration);
        await Task.WhenAll(Enumerable.Range(0, clients).Select(number => Task.Run(() => WorkAsync(number, latencies, stop.Token))));
        return latencies;
    }

    private async Task WorkAsync(int worker, Latencies latencies, CancellationToken stop)
    {
        await using var client = new BrokerClient(broker.Server);
        await using TransactionalProducer producer = client.CreateTransactionalProducer($"p{worker}");
        byte[] value = new byte[ValueBytes];
        while (!stop.IsCancellationRequested)
        {
            long started = Stopwatch.GetTimestamp();
            await using Transaction transaction = await producer.BeginAsync(CancellationToken.None);
            for (int i = 0; i < RecordsInOne; i++)
            {
                RecordSet.Write(value, Interlocked.Increment(ref _number));
                await transaction.SendAsync(new ProducerRecord { Topic = "t", Partition = i % Partitions, Value = value }, CancellationToken.None);
            }

            await transaction.CommitAsync(CancellationToken.None);
            latencies.Add(Stopwatch.GetElapsedTime(started));
        }
    }
}
