using System.Text.Json;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Output;

/// <summary>Producers for people and for programs.</summary>
internal static class ProducerOutput
{
    public static string Title(ProducerDescription producer) => producer.Name is { } name ? $"'{name}'" : $"with id {producer.Id}";

    public static async Task WriteListAsync(CliHost host, IAsyncEnumerable<ProducerDescription> producers, string format)
    {
        var all = new List<ProducerDescription>();
        await foreach (ProducerDescription producer in producers.ConfigureAwait(false))
        {
            all.Add(producer);
        }

        if (format == "json")
        {
            Json.Write(host, json =>
            {
                json.WriteStartArray();
                all.ForEach(producer => WriteJson(json, producer, withPositions: false));
                json.WriteEndArray();
            });
            return;
        }

        var table = new TextTable("Name", "#Id", "#Epoch", "#Partitions", "#Idle", "Client");
        foreach (ProducerDescription producer in all)
        {
            table.Add(
                producer.Name ?? "", producer.Id.ToString(), producer.Epoch.ToString(), Human.Count(producer.PartitionCount),
                Human.Duration(producer.Idle), producer.ClientId);
        }

        table.Write(host);
    }

    public static void WriteDescription(CliHost host, ProducerDescription producer, string format)
    {
        if (format == "json")
        {
            Json.Write(host, json => WriteJson(json, producer, withPositions: true));
            return;
        }

        string client = producer.ClientId.Length == 0 ? "" : $", client {producer.ClientId}";
        host.Text.WriteLine(
            $"producer {Title(producer)}: id {producer.Id}, epoch {producer.Epoch}{client}, idle for {Human.Duration(producer.Idle)}");
        var table = new TextTable("Topic", "#Partition", "#Records", "#Last offset", "Appended");
        foreach (ProducerPosition position in producer.Positions)
        {
            table.Add(
                position.Topic, position.Partition.ToString(), Human.Count(position.RecordCount), position.LastOffset.ToString(),
                $"{position.LastAppendTime:yyyy-MM-dd HH:mm:ss}Z");
        }

        table.Write(host);
    }

    public static void WriteDeleted(CliHost host, ProducerDescription producer, string format)
    {
        if (format == "json")
        {
            Json.Write(host, json =>
            {
                json.WriteStartObject();
                json.WriteNumber("deleted", producer.Id);
                json.WriteString("name", producer.Name);
                json.WriteEndObject();
            });
            return;
        }

        host.Text.WriteLine($"producer {Title(producer)} deleted");
    }

    private static void WriteJson(Utf8JsonWriter json, ProducerDescription producer, bool withPositions)
    {
        json.WriteStartObject();
        json.WriteNumber("id", producer.Id);
        json.WriteString("name", producer.Name);
        json.WriteNumber("epoch", producer.Epoch);
        json.WriteString("client_id", producer.ClientId);
        json.WriteNumber("idle_seconds", Math.Round(producer.Idle.TotalSeconds));
        json.WriteNumber("partitions", producer.PartitionCount);
        if (withPositions)
        {
            json.WriteStartArray("positions");
            foreach (ProducerPosition position in producer.Positions)
            {
                json.WriteStartObject();
                json.WriteString("topic", position.Topic);
                json.WriteNumber("partition", position.Partition);
                json.WriteNumber("records", position.RecordCount);
                json.WriteNumber("last_offset", position.LastOffset);
                json.WriteString("last_append_time", position.LastAppendTime);
                json.WriteEndObject();
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}
