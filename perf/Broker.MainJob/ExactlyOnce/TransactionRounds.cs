using System.Diagnostics;
using Broker.Client;
using Broker.EndToEnd.Harness;
using Broker.Records;

namespace Broker.MainJob.ExactlyOnce;

internal sealed class TransactionRounds(BrokerProcess broker)
{
    private const int Producers = 8, RecordsInOne = 1_000, ValueBytes = 100, Partitions = 4;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);

    private long _number;

    public async Task<int> RunAsync(int pairs)
    {
        await using var client = new BrokerClient(broker.Server);
        await client.Admin.CreateTopicAsync("t", Partitions, new Dictionary<string, string> { ["retention.bytes"] = $"{256 << 20}" });
        Console.WriteLine($"{Producers} producers, transactions of {RecordsInOne:N0} records of {ValueBytes} B over {Partitions} partitions, durable");
        Console.WriteLine(await Pairs.RunAsync(pairs, "records/s", () => RateAsync(client, TransactionsAsync), () => RateAsync(client, PlainAsync)));
        return 0;
    }

    private static async Task<double> RateAsync(BrokerClient client, Func<BrokerClient, int, CancellationToken, Task<long>> work)
    {
        using var stop = new CancellationTokenSource(Round);
        long started = Stopwatch.GetTimestamp();
        long[] sent = await Task.WhenAll(Enumerable.Range(0, Producers).Select(number => Task.Run(() => work(client, number, stop.Token))));
        return sent.Sum() / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private async Task<long> TransactionsAsync(BrokerClient client, int number, CancellationToken stop)
    {
        await using TransactionalProducer producer = client.CreateTransactionalProducer($"p{number}");
        byte[] value = new byte[ValueBytes];
        long sent = 0;
        while (!stop.IsCancellationRequested)
        {
            await using Transaction transaction = await producer.BeginAsync(CancellationToken.None);
            for (int i = 0; i < RecordsInOne; i++)
            {
                RecordSet.Write(value, (int)Interlocked.Increment(ref _number));
                while (!transaction.TrySend("t", OptionalBytes.Null, value, partition: i % Partitions))
                {
                    await transaction.WaitForSpaceAsync(CancellationToken.None);
                }
            }

            await transaction.CommitAsync(CancellationToken.None);
            sent += RecordsInOne;
        }

        return sent;
    }

    /// <summary>The same without: each thousand is acknowledged before the next.</summary>
    private async Task<long> PlainAsync(BrokerClient client, int number, CancellationToken stop)
    {
        await using Producer producer = client.CreateProducer();
        byte[] value = new byte[ValueBytes];
        long sent = 0;
        while (!stop.IsCancellationRequested)
        {
            for (int i = 0; i < RecordsInOne; i++)
            {
                RecordSet.Write(value, (int)Interlocked.Increment(ref _number));
                while (!producer.TrySend("t", OptionalBytes.Null, value, partition: i % Partitions))
                {
                    await producer.WaitForSpaceAsync(CancellationToken.None);
                }
            }

            await producer.FlushAsync(CancellationToken.None);
            sent += RecordsInOne;
        }

        return sent;
    }
}
