using System.CommandLine;
using System.Text.Json;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Commands;

internal static class StatusCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("status", "Show what a broker is and how it does; fails when it cannot be reached")
        {
            output, server,
        };
        examples[command] = ["broker status", "broker status -o json --server 127.0.0.1:9095"];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), async client =>
        {
            ServerInfo info = await client.Admin.GetServerInfoAsync(cancellation).ConfigureAwait(false);
            if (parsed.GetRequiredValue(output) == "json")
            {
                Json.Write(host, json => WriteJson(json, info));
            }
            else
            {
                WriteText(host, parsed.GetRequiredValue(server), info);
            }
        }));
        return command;
    }

    private static void WriteText(CliHost host, string server, ServerInfo info)
    {
        TimeSpan uptime = host.Time.GetUtcNow() - info.StartedAt;
        (string Name, string Value)[] lines =
        [
            ("server", server),
            ("version", info.Version),
            ("up", $"{Human.Duration(uptime < TimeSpan.Zero ? TimeSpan.Zero : uptime)}, run {info.Incarnation}"),
            ("data", info.DataDirectory),
            ("disk free", Human.Bytes(info.DiskFreeBytes)),
            ("sync time", $"{Human.Duration(info.SyncTime)} (measured at start)"),
            ("topics", $"{Human.Count(info.TopicCount)} with {Human.Count(info.PartitionCount, "partition")}"),
            ("journal", $"entry {Human.Count((long)info.VisibleLsn)}"),
            ("security", info.Security),
            .. info.Problems.Select(problem => ("problem", problem)),
        ];
        int width = lines.Max(line => line.Name.Length);
        foreach ((string name, string value) in lines)
        {
            host.Text.WriteLine($"{name.PadRight(width)}  {value}");
        }
    }

    private static void WriteJson(Utf8JsonWriter json, ServerInfo info)
    {
        json.WriteStartObject();
        json.WriteString("version", info.Version);
        json.WriteNumber("incarnation", info.Incarnation);
        json.WriteNumber("started_ms", info.StartedAt.ToUnixTimeMilliseconds());
        json.WriteString("data_directory", info.DataDirectory);
        json.WriteNumber("disk_free_bytes", info.DiskFreeBytes);
        json.WriteNumber("sync_time_us", (long)info.SyncTime.TotalMicroseconds);
        json.WriteNumber("topics", info.TopicCount);
        json.WriteNumber("partitions", info.PartitionCount);
        json.WriteNumber("visible_lsn", info.VisibleLsn);
        json.WriteString("security", info.Security);
        WriteStrings(json, "features", info.Features);
        WriteStrings(json, "problems", info.Problems);
        json.WriteStartObject("limits");
        json.WriteNumber("record_bytes_max", info.Limits.RecordBytesMax);
        json.WriteNumber("batch_bytes_max", info.Limits.BatchBytesMax);
        json.WriteNumber("message_bytes_max", info.Limits.MessageBytesMax);
        json.WriteNumber("partitions_per_topic_max", info.Limits.PartitionsPerTopicMax);
        json.WriteNumber("producer_window_batches", info.Limits.ProducerWindowBatches);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteStrings(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
