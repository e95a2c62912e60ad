using System.Diagnostics;
using System.Globalization;
using Broker.Client;
using Broker.EndToEnd.Harness;
using Broker.Protocol;
using Broker.Protocol.V1;
using Broker.Records;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Broker.MainJob.ExactlyOnce;

/// <summary>A million producers that have each written one batch, and a hundred thousand offsets: what they take of memory, and of a start.</summary>
internal sealed class ManyProducers(BrokerProcess broker)
{
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(4);

    private const int WarmUpCalls = 100_000, Producers = 1_000_000, Offsets = 100_000, Partitions = 16, Concurrency = 512, BatchesInMessage = 256;

    public async Task<int> RunAsync()
    {
        using GrpcChannel channel = GrpcChannel.ForAddress($"http://{broker.Server}");
        await using var client = new BrokerClient(broker.Server);
        TopicDescription topic = await client.Admin.CreateTopicAsync("t", Partitions);
        await WarmUpAsync(channel, new TopicId(topic.Id));
        long before = await RssAnonAsync();
        long started = Stopwatch.GetTimestamp();
        long[] ids = await InitAsync(channel);
        Console.WriteLine($"{ids.Length:N0} producers given in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        await WriteAsync(channel, new TopicId(topic.Id), ids, isCounted: true);
        long after = await RssAnonAsync();
        Console.WriteLine($"memory: {before / 1e6:F0} MB before, {after / 1e6:F0} MB with them: {(after - before) / (double)Producers:F0} B for each");
        await CommitOffsetsAsync(client);
        await broker.KillAsync();
        TimeSpan killed = await broker.StartAsync();
        double opened = (await broker.MetricsAsync())["broker_recovery_seconds"];
        Console.WriteLine($"ready {killed.TotalSeconds:F2} s after kill -9, of which {opened:F2} s for opening the data directory; {Processor()}");
        long restored = await RssAnonAsync();
        Console.WriteLine($"memory after the restart: {restored / 1e6:F0} MB, {(restored - before) / (double)Producers:F0} B for each beyond what was there without them");
        double known = (await broker.MetricsAsync())["broker_producers"];
        await broker.StopAsync();
        Console.WriteLine($"ready {(await broker.StartAsync()).TotalSeconds:F2} s after an orderly stop; {Processor()}");
        return known >= Producers ? 0 : 1;
    }

    /// <summary>What the broker has used so far: a busy machine moves it less than the time.</summary>
    private string Processor()
    {
        using Process process = Process.GetProcessById(broker.ProcessId);
        return $"{process.TotalProcessorTime.TotalSeconds:F2} s of processor";
    }

    /// <summary>Calls as those to come, which leave no producer: what a busy broker takes for itself is not the producers'.</summary>
    private static async Task WarmUpAsync(GrpcChannel channel, TopicId topic)
    {
        var service = new ProduceService.ProduceServiceClient(channel);
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, Concurrency).Select(async _ =>
        {
            while (Interlocked.Increment(ref next) < WarmUpCalls)
            {
                var record = new Record { Value = ByteString.CopyFromUtf8("x") };
                await service.AppendAsync(new AppendRequest { Topic = "t", Partition = 0, Records = { record } });
            }
        }));
        await WriteAsync(channel, topic, [.. Enumerable.Repeat(-1L, WarmUpCalls)], isCounted: false);
    }

    private static async Task<long[]> InitAsync(GrpcChannel channel)
    {
        var service = new ProduceService.ProduceServiceClient(channel);
        long[] ids = new long[Producers];
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, Concurrency).Select(async _ =>
        {
            for (int i = Interlocked.Increment(ref next); i < Producers; i = Interlocked.Increment(ref next))
            {
                ids[i] = (await service.InitProducerAsync(new InitProducerRequest())).ProducerId;
            }
        }));
        return ids;
    }

    private static async Task WriteAsync(GrpcChannel channel, TopicId topic, long[] ids, bool isCounted)
    {
        using AsyncDuplexStreamingCall<ProduceFrame, ProduceResponse> call =
            channel.CreateCallInvoker().AsyncDuplexStreamingCall(ServerMethods.Produce, host: null, new CallOptions());
        using var window = new SemaphoreSlim(8);
        Task reading = Task.Run(async () =>
        {
            while (await call.ResponseStream.MoveNext(CancellationToken.None))
            {
                foreach (ProduceAck ack in call.ResponseStream.Current.Acks)
                {
                    window.Release();
                    if (ack.Results.FirstOrDefault(result => result.Error is not null) is { } refused)
                    {
                        throw new InvalidOperationException(refused.Error.Message);
                    }
                }
            }
        });
        long started = Stopwatch.GetTimestamp();
        foreach (long[] part in ids.Chunk(BatchesInMessage))
        {
            if (await Task.WhenAny(window.WaitAsync(), reading) == reading)
            {
                await reading;
            }

            ProduceFrame frame = ProduceFrame.Rent();
            frame.CorrelationId = 1;
            PooledBuffer[] batches = [.. part.Select(id => Batch(topic, id))];
            for (int i = 0; i < part.Length; i++)
            {
                frame.Add(topic, PartitionOf(part[i]), batches[i].Memory);
            }

            await call.RequestStream.WriteAsync(frame);
            frame.Release();
            Array.ForEach(batches, batch => batch.Release());
        }

        await call.RequestStream.CompleteAsync();
        await reading;
        if (isCounted)
        {
            Console.WriteLine($"{ids.Length:N0} batches written in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
        }
    }

    private static int PartitionOf(long id) => (int)(Math.Abs(id) % Partitions);

    private static PooledBuffer Batch(TopicId topic, long id)
    {
        using var writer = new BatchWriter(Codec.None);
        writer.Append(1_000, OptionalBytes.Null, "x"u8, []);
        return writer.Finish(topic, PartitionOf(id), id, id < 0 ? -1 : 0, id < 0 ? -1 : 0);
    }

    private static async Task CommitOffsetsAsync(BrokerClient client)
    {
        long started = Stopwatch.GetTimestamp();
        for (int group = 0; group < Offsets / Partitions; group++)
        {
            await client.Groups.CommitOffsetsAsync(
                $"group-{group}", [.. Enumerable.Range(0, Partitions).Select(partition => new TopicPartitionOffset("t", partition, 1))]);
        }

        Console.WriteLine($"{Offsets:N0} offsets committed in {Stopwatch.GetElapsedTime(started).TotalSeconds:F1} s");
    }

    /// <summary>Of the broker's process, without mapped files, once it rests: nothing is on its way that would be given back.</summary>
    private async Task<long> RssAnonAsync()
    {
        using Process process = Process.GetProcessById(broker.ProcessId);
        for (TimeSpan used = TimeSpan.Zero; process.TotalProcessorTime - used > Rest / 20; process.Refresh())
        {
            used = process.TotalProcessorTime;
            await Task.Delay(Rest);
        }

        string line = File.ReadLines($"/proc/{broker.ProcessId}/status").First(each => each.StartsWith("RssAnon:", StringComparison.Ordinal));
        return 1024 * long.Parse(line.Split(default(char[]), StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture);
    }
}
