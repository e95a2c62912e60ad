using Broker.Cli.Commands;
using Broker.Cli.Input;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Produce;

/// <summary>A produce command from its first look at the topic to its summary.</summary>
internal static class ProduceRunner
{
    public static async Task<int> RunAsync(CliHost host, ProduceRequest request, CancellationToken cancellation)
    {
        using RecordInput input = RecordInput.Open(host, request.File);
        BrokerClient client = Session.Connect(host, request.Server);
        await using (client.ConfigureAwait(false))
        {
            // A wrong name or address is said before the first line is read.
            await client.Admin.DescribeTopicAsync(request.Topic, cancellation).ConfigureAwait(false);
            var job = new ProduceJob(request.Topic, request.Fields, request.Headers);
            Producer producer = client.CreateProducer(new ProducerOptions
            {
                Compression = request.Compression,
                Durability = request.Durability,
                OnDelivery = job.OnDelivery,
                // The job has waited for every answer that it wants.
                CloseTimeout = TimeSpan.Zero,
            });
            await using (producer.ConfigureAwait(false))
            {
                return await RunJobAsync(host, request, input, job, producer, cancellation).ConfigureAwait(false);
            }
        }
    }

    private static async Task<int> RunJobAsync(
        CliHost host,
        ProduceRequest request,
        RecordInput input,
        ProduceJob job,
        Producer producer,
        CancellationToken cancellation)
    {
        Task work = job.RunAsync(producer, input.Lines, cancellation);
        await ProgressDisplay.ShowWhileAsync(host, work, input.LengthBytes, () => input.Lines.ReadBytes, job.Describe)
            .ConfigureAwait(false);
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            ErrorLine.Note(host, $"interrupted: {Acknowledged(job)}");
            return host.InterruptedExitCode();
        }
        catch (Exception exception) when (exception is CliException or BrokerException)
        {
            throw new CliException($"{exception.Message.TrimEnd('.')}; {Acknowledged(job)}");
        }

        job.Summarise().Write(host, request.AsJson);
        return ExitCode.Ok;
    }

    private static string Acknowledged(ProduceJob job) => (job.SentCount, job.AcknowledgedCount) switch
    {
        (0, _) => "nothing was sent",
        (1, 1) => "the record sent before was acknowledged",
        var (sent, acknowledged) when sent == acknowledged => $"all {Human.Count(sent, "record")} sent before were acknowledged",
        var (sent, acknowledged) => $"{Human.Count(acknowledged)} of {Human.Count(sent, "record")} sent before were acknowledged",
    };
}
