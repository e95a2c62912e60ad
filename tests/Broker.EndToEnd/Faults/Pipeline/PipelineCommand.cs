using System.CommandLine;
using System.Text;
using Broker.Client;
using Broker.Records;
using Microsoft.Win32.SafeHandles;

namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>
/// One worker of the pipeline, as a user writes it: reads flights and adds up, for each batch, count and delay per route. It keeps nothing
/// itself: the totals are the sums over what it sends. Runs until SIGTERM.
/// </summary>
internal static class PipelineCommand
{
    public const string Name = "pipeline-worker";

    // As long as it takes to look something up elsewhere, before and after the output: a kill is to find something half done.
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(4);

    private static readonly Option<string> Server = new("--server") { Required = true };
    private static readonly Option<DeliveryMode> Delivery = new("--delivery") { Required = true };
    private static readonly Option<string> Producer = new("--name") { Required = true };
    private static readonly Option<string> Handled = new("--handled") { Required = true };
    private static readonly Option<int[]> Partitions = new("--partition") { Required = true };

    /// <param name="handled">A file in which the worker notes what it handles: at 8 times the number of a partition, the offset behind it.</param>
    public static string[] Arguments(string server, DeliveryMode delivery, string name, string handled, IEnumerable<int> partitions) =>
        [Name, Server.Name, server, Delivery.Name, delivery.ToString(), Producer.Name, name, Handled.Name, handled, .. partitions.SelectMany(each => new[] { Partitions.Name, $"{each}" })];

    public static Command Build()
    {
        var command = new Command(Name) { Server, Delivery, Producer, Handled, Partitions };
        command.Hidden = true;
        command.SetAction((parsed, cancellationToken) => RunAsync(
            parsed.GetRequiredValue(Server), parsed.GetRequiredValue(Delivery), parsed.GetRequiredValue(Producer), parsed.GetRequiredValue(Handled),
            parsed.GetRequiredValue(Partitions), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(
        string server, DeliveryMode delivery, string name, string handled, int[] partitions, CancellationToken cancellationToken)
    {
        using SafeFileHandle notes = File.OpenHandle(handled, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        await using var client = new BrokerClient(
            new BrokerClientOptions { Server = server, ClientId = name, FirstContactTimeout = TimeSpan.FromMinutes(1) });
        await using Processor processor = client.CreateProcessor(new ProcessorOptions
        {
            Group = PipelineNames.Group,
            Topic = PipelineNames.Flights,
            Partitions = partitions,
            Delivery = delivery,
            Name = name,
        });
        try
        {
            await processor.RunBatchesAsync(
                (batch, output, cancellation) =>
                {
                    RandomAccess.Write(notes, BitConverter.GetBytes(batch.NextOffset), batch.Partition * sizeof(long));
                    return HandleAsync(batch, output, cancellation);
                },
                cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Asked to stop.
        }

        return 0;
    }

    private static async ValueTask HandleAsync(ConsumedBatch batch, ProcessorOutput output, CancellationToken cancellationToken)
    {
        var totals = new Dictionary<Route, RouteTotal>();
        foreach (RecordView record in batch.Records())
        {
            Flight flight = Flight.Parse(record.Value.Span);
            totals[flight.Route] = totals.GetValueOrDefault(flight.Route).Add(1, flight.Delay);
        }

        await Task.Delay(Work, cancellationToken);
        foreach ((Route route, RouteTotal total) in totals)
        {
            var delays = new RouteDelays(
                route.Origin, route.Destination, batch.Partition, batch.BaseOffset, batch.NextOffset, total.Count, total.Delay);
            await output.SendAsync(PipelineNames.RouteDelays, Encoding.UTF8.GetBytes(route.ToString()), delays.ToJson(), cancellationToken);
        }

        await Task.Delay(Work, cancellationToken);
    }
}
