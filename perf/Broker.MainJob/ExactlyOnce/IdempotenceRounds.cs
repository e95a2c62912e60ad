using System.Diagnostics;
using Broker.Client;
using Broker.EndToEnd.Harness;
using Broker.Protocol;
using Broker.Protocol.V1;
using Broker.Records;
using Grpc.Core;
using Grpc.Net.Client;

namespace Broker.MainJob.ExactlyOnce;

/// <summary>The client always has a producer id: here batches are made once and sent again and again, stamped or not, so that nothing else differs.</summary>
internal sealed class IdempotenceRounds(BrokerProcess broker)
{
    private const int ValueBytes = 100, RecordsInBatch = 1_000, InFlight = 20;

    private static readonly TimeSpan Round = TimeSpan.FromSeconds(2);

    private TopicId _topic;
    private PooledBuffer _batch = null!;

    public async Task<int> RunAsync(int pairs)
    {
        await using var client = new BrokerClient(broker.Server);
        TopicDescription topic = await client.Admin.CreateTopicAsync("t", 1, new Dictionary<string, string> { ["retention.bytes"] = $"{512 << 20}" });
        _topic = new TopicId(topic.Id);
        using var writer = new BatchWriter(Codec.None);
        byte[] value = new byte[ValueBytes];
        for (int i = 0; i < RecordsInBatch; i++)
        {
            RecordSet.Write(value, i);
            writer.Append(i, OptionalBytes.Null, value, []);
        }

        _batch = writer.Finish(_topic, 0, StoredBatch.NoProducer, StoredBatch.NoProducer, StoredBatch.NoProducer);
        Console.WriteLine($"Batches of {RecordsInBatch:N0} records of {ValueBytes} B on one stream; processor time of the broker for a million records");
        Console.WriteLine(await Pairs.RunAsync(pairs, "core-s/M", () => CostAsync(hasProducer: true), () => CostAsync(hasProducer: false)));
        return 0;
    }

    private async Task<double> CostAsync(bool hasProducer)
    {
        using GrpcChannel channel = GrpcChannel.ForAddress($"http://{broker.Server}");
        InitProducerResponse? producer = hasProducer
            ? await new ProduceService.ProduceServiceClient(channel).InitProducerAsync(new InitProducerRequest())
            : null;
        long records = 0;
        Usage usage = await Usage.MeasureAsync(broker, async () => records = await SendAsync(channel.CreateCallInvoker(), producer));
        return usage.BrokerProcessor.TotalSeconds / records * 1e6;
    }

    private async Task<long> SendAsync(CallInvoker invoker, InitProducerResponse? producer)
    {
        using AsyncDuplexStreamingCall<ProduceFrame, ProduceResponse> call =
            invoker.AsyncDuplexStreamingCall(ServerMethods.Produce, host: null, new CallOptions());
        using var window = new SemaphoreSlim(InFlight);
        Task<long> acks = ReadAsync(call.ResponseStream, window);
        uint seed = StoredBatch.PrefixSeed(_topic, 0);
        byte[][] copies = [.. Enumerable.Range(0, InFlight + 2).Select(_ => _batch.Span.ToArray())];
        long started = Stopwatch.GetTimestamp();
        for (long number = 0; Stopwatch.GetElapsedTime(started) < Round; number++)
        {
            await window.WaitAsync();
            byte[] stored = copies[number % copies.Length];

            // Stamped in both cases, so that the sender's work is the same.
            StoredBatch.SetProducer(
                stored, seed, producer?.ProducerId ?? -1, producer is null ? -1 : (int)producer.ProducerEpoch, producer is null ? -1 : number * RecordsInBatch);
            ProduceFrame frame = ProduceFrame.Rent();
            frame.CorrelationId = (ulong)number + 1;
            frame.Durability = Broker.Protocol.V1.Durability.Durable;
            frame.Add(_topic, 0, stored);
            await call.RequestStream.WriteAsync(frame);
            frame.Release();
        }

        await call.RequestStream.CompleteAsync();
        return await acks * RecordsInBatch;
    }

    private static async Task<long> ReadAsync(IAsyncStreamReader<ProduceResponse> responses, SemaphoreSlim window)
    {
        long acked = 0;
        while (await responses.MoveNext(CancellationToken.None))
        {
            foreach (ProduceAck ack in responses.Current.Acks)
            {
                if (ack.Results[0].Error is { } error)
                {
                    throw new InvalidOperationException(error.Message);
                }

                acked++;
                window.Release();
            }
        }

        return acked;
    }
}
