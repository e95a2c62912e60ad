using System.Diagnostics;
using Broker.Client;
using Broker.EndToEnd.Harness;
using Broker.Records;

namespace Broker.MainJob.ExactlyOnce;

internal sealed class ProcessRounds(BrokerProcess broker)
{
    private const int Records = 2_000_000, ValueBytes = 100, Partitions = 4;

    private int _round;

    public async Task<int> RunAsync(int pairs)
    {
        await using var client = new BrokerClient(broker.Server);
        await client.Admin.CreateTopicAsync("in", Partitions);
        await client.Admin.CreateTopicAsync("out", Partitions, new Dictionary<string, string> { ["retention.bytes"] = $"{256 << 20}" });
        await FillAsync(client);
        Console.WriteLine($"{Records:N0} records of {ValueBytes} B, {Partitions} partitions, each read, copied and sent by one worker, durable");
        Console.WriteLine(await Pairs.RunAsync(pairs, "records/s", () => RateAsync(client, ExactlyOnceAsync), () => RateAsync(client, PlainAsync)));
        return 0;
    }

    private static async Task FillAsync(BrokerClient client)
    {
        await using Producer producer = client.CreateProducer();
        byte[] value = new byte[ValueBytes];
        for (int number = 0; number < Records; number++)
        {
            RecordSet.Write(value, number);
            while (!producer.TrySend("in", OptionalBytes.Null, value))
            {
                await producer.WaitForSpaceAsync();
            }
        }

        await producer.FlushAsync();
    }

    private static async Task<double> RateAsync(BrokerClient client, Func<BrokerClient, Task<long>> work)
    {
        long started = Stopwatch.GetTimestamp();
        long handled = await work(client);
        if (handled != Records)
        {
            throw new InvalidOperationException($"{handled:N0} of {Records:N0} records were handled.");
        }

        return handled / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }

    private async Task<long> ExactlyOnceAsync(BrokerClient client)
    {
        long handled = 0;
        await using Processor processor = client.CreateProcessor(new ProcessorOptions
        {
            Group = $"g{_round++}",
            Topic = "in",
            Delivery = DeliveryMode.ExactlyOnce,
            StopAtEnd = true,
        });
        await processor.RunBatchesAsync(async (batch, output, cancellation) =>
        {
            handled += batch.RecordCount;
            for (int done = 0; (done = Copy(batch, done, value => output.TrySend("out", OptionalBytes.Null, value))) < batch.RecordCount;)
            {
                await output.WaitForSpaceAsync(cancellation);
            }
        });
        return handled;
    }

    private static async Task<long> PlainAsync(BrokerClient client)
    {
        long handled = 0;
        await using Producer producer = client.CreateProducer();
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "in", StopAtEnd = true });
        await foreach (ConsumedBatch batch in consumer.ReadBatchesAsync())
        {
            handled += batch.RecordCount;
            for (int done = 0; (done = Copy(batch, done, value => producer.TrySend("out", OptionalBytes.Null, value))) < batch.RecordCount;)
            {
                await producer.WaitForSpaceAsync();
            }
        }

        await producer.FlushAsync();
        return handled;
    }

    private delegate bool Send(OptionalBytes value);

    /// <returns>How many of the batch were sent.</returns>
    private static int Copy(ConsumedBatch batch, int from, Send send)
    {
        int at = 0;
        foreach (RecordView record in batch.Records())
        {
            if (at >= from && !send(record.Value))
            {
                return at;
            }

            at++;
        }

        return at;
    }
}
