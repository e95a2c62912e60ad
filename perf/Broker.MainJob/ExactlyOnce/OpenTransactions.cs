using System.Diagnostics;
using Broker.Client;
using Broker.EndToEnd.Harness;

namespace Broker.MainJob.ExactlyOnce;

internal sealed class OpenTransactions(BrokerProcess broker)
{
    private const int Count = 1_000, RecordsInOne = 20, ValueBytes = 1_000, Rounds = 7;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(4);

    public async Task<int> RunAsync()
    {
        await using var client = new BrokerClient(broker.Server);
        await client.Admin.CreateTopicAsync("t", 4);
        var ratios = new List<double>();
        var without = new Latencies();
        var with = new Latencies();
        double open = 0, staged = 0;

        // The first round is not counted: in it client and broker are compiled.
        for (int round = 0; round <= Rounds; round++)
        {
            Latencies alone = await MeasureAsync(client);
            TransactionalProducer[] producers = [.. Enumerable.Range(0, Count).Select(i => client.CreateTransactionalProducer(
                new ProducerOptions { Name = $"p{i}", BufferMemoryBytes = 1 << 20, TransactionTimeout = TimeSpan.FromMinutes(5) }))];
            Transaction[] transactions = await Task.WhenAll(producers.Select(OpenAsync));
            (open, staged) = await WhenAllAreOpenAsync();

            // Half of them are aborted while the other producer sends.
            Task aborting = Task.Run(async () =>
            {
                foreach (Transaction transaction in transactions.Take(Count / 2))
                {
                    await transaction.AbortAsync();
                    await Task.Delay(TimeSpan.FromMilliseconds(Round.TotalMilliseconds / Count));
                }
            });
            Latencies beside = await MeasureAsync(client);
            await aborting;
            Console.WriteLine($"round {round}: p99 {alone.Percentile(99):F2} ms alone, {beside.Percentile(99):F2} ms beside {open:N0} open transactions with {staged / 1e6:F1} MB");
            if (round > 0)
            {
                ratios.Add(beside.Percentile(99) / alone.Percentile(99));
                alone.CopyTo(without);
                beside.CopyTo(with);
            }

            await Task.WhenAll(producers.Select(producer => producer.DisposeAsync().AsTask()));
        }

        Console.WriteLine($"alone:  {without}");
        Console.WriteLine($"beside: {with}");
        Console.WriteLine($"p99 ratio of a round {ratios.Order().ElementAt(ratios.Count / 2):F2} in the median, of all samples {with.Percentile(99) / without.Percentile(99):F2}");
        return open >= Count ? 0 : 1;
    }

    /// <summary>What they send is on its way for a while after it was taken over.</summary>
    private async Task<(double Open, double StagedBytes)> WhenAllAreOpenAsync()
    {
        long started = Stopwatch.GetTimestamp();
        while (true)
        {
            Metrics metrics = await broker.MetricsAsync();
            (double open, double staged) = (metrics["broker_transactions_open"], metrics.Counted("broker_transaction_staged_bytes"));
            if ((open >= Count && staged >= Count * RecordsInOne * ValueBytes) || Stopwatch.GetElapsedTime(started) > Round)
            {
                return (open, staged);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(50));
        }
    }

    private static async Task<Transaction> OpenAsync(TransactionalProducer producer)
    {
        Transaction transaction = await producer.BeginAsync();
        for (int i = 0; i < RecordsInOne; i++)
        {
            await transaction.SendAsync(new ProducerRecord { Topic = "t", Partition = i % 4, Value = new byte[ValueBytes] });
        }

        return transaction;
    }

    /// <summary>Another producer, and a reader that has each record before the next is sent: from the send call until it was read.</summary>
    private static async Task<Latencies> MeasureAsync(BrokerClient client)
    {
        var latencies = new Latencies();
        await using Producer producer = client.CreateProducer();
        await using Consumer consumer = client.CreateConsumer("t", StartAt.Latest);
        IAsyncEnumerator<ConsumedRecord> reading = consumer.ReadAllAsync().GetAsyncEnumerator();
        await using (reading.ConfigureAwait(false))
        {
            ValueTask<bool> next = reading.MoveNextAsync();
            await Task.Delay(TimeSpan.FromMilliseconds(200));
            long started = Stopwatch.GetTimestamp();
            while (Stopwatch.GetElapsedTime(started) < Round)
            {
                long sent = Stopwatch.GetTimestamp();
                await producer.SendAsync("t", "k", "v");
                await next;
                latencies.Add(Stopwatch.GetElapsedTime(sent));
                next = reading.MoveNextAsync();
            }

            await producer.SendAsync("t", "k", "last");
            await next;
        }

        return latencies;
    }
}
