using System.Collections;
using System.Diagnostics;
using System.Reflection;
using Broker.Cli.Input;
using Broker.Cli.Produce;
using Broker.Cli.Terminal;
using Broker.Client;
using Broker.Server.Configuration;
using Broker.Server.Hosting;

namespace Broker.Cli.Demo;

/// <summary>A broker, its main job done on real data, and what happened.</summary>
internal static class DemoRunner
{
    public const string Topic = "flights";
    private const string SampleName = "flights-20k.ndjson";
    private const int PartitionCount = 4;

    public static async Task<int> RunAsync(CliHost host, string? directory, bool exits, CancellationToken cancellation)
    {
        using DemoDirectory data = DemoDirectory.Open(directory);
        BrokerHost broker = await StartAsync(data.Path).ConfigureAwait(false);
        await using (broker.ConfigureAwait(false))
        {
            var report = new DemoReport(host, broker, data);
            report.WriteStart();
            await ShowAsync(broker, report, cancellation).ConfigureAwait(false);
            report.WriteEnd(exits);
            if (!exits)
            {
                await WaitAsync(broker, cancellation).ConfigureAwait(false);
            }
        }

        return ExitCode.Ok;
    }

    /// <summary>On the default ports, so that the commands to try need no address; on free ones when those are taken.</summary>
    private static async Task<BrokerHost> StartAsync(string directory)
    {
        try
        {
            return await BrokerHost.StartAsync(Settings(directory)).ConfigureAwait(false);
        }
        catch (BrokerStartException)
        {
            return await BrokerHost.StartAsync(Settings(directory, "--grpc.listen=127.0.0.1:0", "--http.listen=127.0.0.1:0"))
                .ConfigureAwait(false);
        }
    }

    /// <summary>The defaults alone: neither a broker.yaml nor variables that are meant for another broker.</summary>
    private static BrokerSettings Settings(string directory, params string[] more) =>
        BrokerSettings.Load([$"--data_dir={directory}", .. more], new Hashtable(), directory);

    private static async Task ShowAsync(BrokerHost broker, DemoReport report, CancellationToken cancellation)
    {
        var client = new BrokerClient(broker.GrpcEndPoint.ToString());
        await using (client.ConfigureAwait(false))
        {
            await client.Admin.CreateTopicAsync(Topic, PartitionCount, cancellationToken: cancellation).ConfigureAwait(false);
            report.WriteProduced(await ProduceAsync(client, cancellation).ConfigureAwait(false));
            var statistics = new FlightStatistics();
            long started = Stopwatch.GetTimestamp();
            await ConsumeAsync(client, statistics, cancellation).ConfigureAwait(false);
            report.WriteConsumed(statistics, Stopwatch.GetElapsedTime(started));
        }
    }

    private static async Task<ProduceSummary> ProduceAsync(BrokerClient client, CancellationToken cancellation)
    {
        using Stream sample = Assembly.GetExecutingAssembly().GetManifestResourceStream(SampleName)
            ?? throw new CliException($"this build holds no {SampleName}");
        var fields = new FieldReader("origin", "date", new TimestampParser("yyyy/MM/dd HH:mm", zone: null));
        var job = new ProduceJob(Topic, fields, headers: []);
        Producer producer = client.CreateProducer(new ProducerOptions { OnDelivery = job.OnDelivery });
        await using (producer.ConfigureAwait(false))
        {
            await job.RunAsync(producer, new LineReader(sample), cancellation).ConfigureAwait(false);
        }

        return job.Summarise();
    }

    private static async Task ConsumeAsync(BrokerClient client, FlightStatistics statistics, CancellationToken cancellation)
    {
        Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = Topic, StopAtEnd = true });
        await using (consumer.ConfigureAwait(false))
        {
            await foreach (ConsumedBatch batch in consumer.ReadBatchesAsync(cancellation).ConfigureAwait(false))
            {
                statistics.Add(batch);
            }
        }
    }

    private static async Task WaitAsync(BrokerHost broker, CancellationToken cancellation)
    {
        var stopped = new TaskCompletionSource();
        using CancellationTokenRegistration registration = cancellation.Register(stopped.SetResult);
        if (await Task.WhenAny(broker.Completion, stopped.Task).ConfigureAwait(false) == broker.Completion)
        {
            throw new CliException("the broker stopped because its journal failed");
        }
    }
}
