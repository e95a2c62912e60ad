using System.CommandLine;
using Broker.Cli.Consume;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Commands;

internal static class ConsumeCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> topic = CommonOptions.TopicName();
        Option<StartAt> from = CommonOptions.Position("--from", "Where to begin");
        from.Description += ". From a time: records follow in log order from the first one dated at or after it, so later ones "
            + "may be dated earlier";
        from.DefaultValueFactory = _ => StartAt.Earliest;
        Option<int?> partition = CommonOptions.Number("--partition", "Only this partition", "P", min: 0);
        Option<long?> count = CommonOptions.LongNumber("--count", "Stop after so many records", "N", min: 1);
        var exitAtEnd = new Option<bool>("--exit-at-end") { Description = "Stop at what is the end now, instead of following" };
        var skipDamaged = new Option<bool>("--skip-damaged")
        {
            Description = "Go on behind records that are damaged on the broker's disk, and tell which, instead of ending with an error",
        };
        Option<string> output = CommonOptions.Output("value");
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("consume", "Print a topic's records, one a line, and follow it")
        {
            topic, from, partition, count, exitAtEnd, skipDamaged, output, server,
        };
        examples[command] =
        [
            "broker consume flights --exit-at-end > flights.ndjson",
            "broker consume flights --from 2001-02-01T00:00:00Z --count 5 -o json",
        ];
        command.SetAction((parsed, cancellation) => RunAsync(
            host,
            parsed.GetRequiredValue(server),
            new ConsumerOptions
            {
                Topic = parsed.GetRequiredValue(topic),
                Partitions = parsed.GetValue(partition) is { } only ? [only] : null,
                From = parsed.GetValue(from),
                StopAtEnd = parsed.GetValue(exitAtEnd),
                OnDamage = parsed.GetValue(skipDamaged) ? damage => ErrorLine.Note(host, Skipped(damage)) : null,
            },
            parsed.GetRequiredValue(output) == "json",
            parsed.GetValue(count) ?? long.MaxValue,
            cancellation));
        return command;
    }

    private static string Skipped(DamagedOffsets damage) =>
        $"skipped offsets {damage.FromOffset} to {damage.NextOffset - 1} of {damage.Topic}, partition {damage.Partition}: they are damaged on the broker's disk";

    private static async Task<int> RunAsync(
        CliHost host, string server, ConsumerOptions options, bool asJson, long countMax, CancellationToken cancellation)
    {
        var output = new RecordOutput(host.Out);
        using var job = new ConsumeJob(output, asJson, countMax);
        BrokerClient client = Session.Connect(host, server);
        await using (client.ConfigureAwait(false))
        {
            Consumer consumer = client.CreateConsumer(options);
            await using (consumer.ConfigureAwait(false))
            {
                try
                {
                    await job.RunAsync(consumer, cancellation).ConfigureAwait(false);
                    return ExitCode.Ok;
                }
                catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
                {
                    output.Flush();
                    ErrorLine.Note(host, $"interrupted after {Human.Count(job.RecordCount, "record")}");
                    return host.InterruptedExitCode();
                }
                catch (BrokerException)
                {
                    output.Flush();
                    throw;
                }
            }
        }
    }
}
