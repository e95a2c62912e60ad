using Broker.Cli.Output;
using Broker.Cli.Produce;
using Broker.Cli.Terminal;
using Broker.Server.Hosting;

namespace Broker.Cli.Demo;

/// <summary>What the demo tells.</summary>
internal sealed class DemoReport(CliHost host, BrokerHost broker, DemoDirectory data)
{
    private const int BusiestCount = 5;
    private const int BarWidth = 24;

    public void WriteStart()
    {
        foreach (string line in broker.Banner)
        {
            host.Text.WriteLine(line);
        }

        host.Text.WriteLine();
        host.Text.Flush();
    }

    public void WriteProduced(ProduceSummary summary)
    {
        host.Text.WriteLine(
            $"Produced {Human.Count(summary.RecordCount)} US flights of early 2001 to topic '{summary.Topic}', "
            + "keyed by origin airport,");
        host.Text.WriteLine(
            $"  every one acknowledged when on disk: {Human.Duration(summary.Elapsed)}, "
            + $"{Human.PerSecond(summary.RecordCount, summary.Elapsed)} records/s.");
        host.Text.Flush();
    }

    public void WriteConsumed(FlightStatistics statistics, TimeSpan elapsed)
    {
        host.Text.WriteLine(
            $"Consumed {Human.Count(statistics.RecordCount)} back: {Human.Duration(elapsed)}, "
            + $"{Human.PerSecond(statistics.RecordCount, elapsed)} records/s.");
        host.Text.WriteLine();
        var partitions = new TextTable("#Partition", "#Records", "#Airports", "First flight", "Last flight");
        foreach ((int number, PartitionFlights partition) in statistics.Partitions)
        {
            partitions.Add(
                Human.Count(number),
                Human.Count(partition.RecordCount),
                Human.Count(partition.OriginCount),
                Human.Timestamp(partition.FirstTimestampMs),
                Human.Timestamp(partition.LastTimestampMs));
        }

        partitions.Write(host);
        host.Text.WriteLine();
        WriteBusiest(statistics);
    }

    public void WriteEnd(bool exits)
    {
        host.Text.WriteLine();
        string fate = data.IsTemporary ? ", which is removed at the end (keep it with --data-dir DIR)" : "";
        host.Text.WriteLine($"The data is in {data.Path}{fate}.");
        if (!exits)
        {
            WriteCommands();
            host.Text.WriteLine();
            host.Text.WriteLine("The broker stays up. Ctrl-C stops it.");
        }

        host.Text.Flush();
    }

    private void WriteBusiest(FlightStatistics statistics)
    {
        var busiest = new TextTable("Busiest origins", "#Flights", "");
        long highest = 0;
        foreach ((string origin, long count) in statistics.Busiest(BusiestCount))
        {
            highest = Math.Max(highest, count);
            busiest.Add(origin, Human.Count(count), new string('█', (int)Math.Max(1, count * BarWidth / highest)));
        }

        busiest.Write(host);
    }

    private void WriteCommands()
    {
        string command = host.EnvironmentVariable("BROKER_COMMAND") is { Length: > 0 } named ? named : "broker";
        string server = broker.GrpcEndPoint.ToString();
        string address = server == CliHost.DefaultServer ? "" : $" --server {server}";
        host.Text.WriteLine("In another terminal, try:");
        host.Text.WriteLine($"  {command} topic describe flights{address}");
        host.Text.WriteLine($"  {command} consume flights --from 2001-02-01T00:00:00Z --count 3{address}");
        host.Text.WriteLine($"  {command} topic create greetings{address}");
        host.Text.WriteLine($"  echo 'hello' | {command} produce greetings{address}");
        host.Text.WriteLine($"  {command} status{address}");
        host.Text.WriteLine($"  curl http://{broker.HttpEndPoint}/metrics");
    }
}
