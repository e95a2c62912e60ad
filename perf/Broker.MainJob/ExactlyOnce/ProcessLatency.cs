using System.Buffers.Binary;
using System.Diagnostics;
using Broker.Client;
using Broker.EndToEnd.Harness;
using Broker.Records;

namespace Broker.MainJob.ExactlyOnce;

internal sealed class ProcessLatency(BrokerProcess broker)
{
    private const int Rate = 10_000, ValueBytes = 100, Partitions = 4;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(8), Duration = TimeSpan.FromSeconds(20);

    public async Task<int> RunAsync()
    {
        await using var client = new BrokerClient(broker.Server);
        await client.Admin.CreateTopicAsync("in", Partitions);
        await client.Admin.CreateTopicAsync("out", Partitions);
        using var stop = new CancellationTokenSource();
        var latencies = new Latencies();
        long countFrom = Stopwatch.GetTimestamp() + (long)(WarmUp.TotalSeconds * Stopwatch.Frequency);
        Task processing = ProcessAsync(stop.Token);
        Task reading = ReadAsync(latencies, countFrom, stop.Token);
        int sent = await SendAsync(client);
        await Task.Delay(TimeSpan.FromSeconds(1));
        await stop.CancelAsync();
        await Task.WhenAll(processing, reading);
        Console.WriteLine($"{Rate:N0} records/s, {sent:N0} sent: {latencies}");
        return latencies.Count > 0 ? 0 : 1;
    }

    private static async Task<int> SendAsync(BrokerClient client)
    {
        await using Producer producer = client.CreateProducer();
        byte[] value = new byte[ValueBytes];
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        long started = Stopwatch.GetTimestamp();
        int sent = 0;
        while (Stopwatch.GetElapsedTime(started) is var elapsed && elapsed < WarmUp + Duration)
        {
            for (int due = (int)(elapsed.TotalSeconds * Rate); sent < due; sent++)
            {
                BinaryPrimitives.WriteInt64LittleEndian(value, Stopwatch.GetTimestamp());
                BinaryPrimitives.WriteInt32LittleEndian(value.AsSpan(8), sent);
                producer.TrySend("in", OptionalBytes.Null, value, partition: sent % Partitions);
            }

            await tick.WaitForNextTickAsync();
        }

        await producer.FlushAsync();
        return sent;
    }

    private async Task ProcessAsync(CancellationToken stop)
    {
        await using var client = new BrokerClient(broker.Server);
        await using Processor processor = client.CreateProcessor(
            new ProcessorOptions { Group = "g", Topic = "in", Delivery = DeliveryMode.ExactlyOnce });
        try
        {
            await processor.RunAsync((record, output, cancellation) => output.SendAsync("out", null, record.Value, cancellation), stop);
        }
        catch (OperationCanceledException)
        {
            // That is its end.
        }
    }

    private async Task ReadAsync(Latencies latencies, long countFrom, CancellationToken stop)
    {
        await using var client = new BrokerClient(broker.Server);
        await using Consumer consumer = client.CreateConsumer("out");
        try
        {
            await foreach (ConsumedRecord record in consumer.ReadAllAsync(stop))
            {
                long sentAt = BinaryPrimitives.ReadInt64LittleEndian(record.Value!.Value.Span);
                if (sentAt >= countFrom)
                {
                    latencies.Add(Stopwatch.GetElapsedTime(sentAt));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // As above.
        }
    }
}
