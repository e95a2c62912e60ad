using System.Text.Json;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Output;

/// <summary>Topics for people and for programs.</summary>
internal static class TopicOutput
{
    public static void WriteList(CliHost host, IReadOnlyList<TopicSummary> topics, string format)
    {
        if (format == "json")
        {
            Json.Write(host, json =>
            {
                json.WriteStartArray();
                foreach (TopicSummary topic in topics)
                {
                    json.WriteStartObject();
                    json.WriteString("name", topic.Topic.Name);
                    json.WriteNumber("partitions", topic.Topic.PartitionCount);
                    json.WriteNumber("records", topic.RecordCount);
                    json.WriteNumber("size_bytes", topic.SizeBytes);
                    json.WriteNumber("quarantined_partitions", topic.QuarantinedPartitionCount);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            });
            return;
        }

        var table = new TextTable("Topic", "#Partitions", "#Records", "#Size");
        foreach (TopicSummary topic in topics)
        {
            table.Add(
                topic.Topic.Name,
                Human.Count(topic.Topic.PartitionCount),
                Human.Count(topic.RecordCount),
                Human.Bytes(topic.SizeBytes));
        }

        table.Write(host);
        foreach (TopicSummary topic in topics.Where(topic => topic.QuarantinedPartitionCount > 0))
        {
            string partitions = Human.Count(topic.QuarantinedPartitionCount, "partition");
            host.Text.WriteLine($"topic '{topic.Topic.Name}' has {partitions} in quarantine: broker topic describe {topic.Topic.Name}");
        }
    }

    /// <summary>One line that says what was done to a topic, or the topic as JSON.</summary>
    public static void WriteChange(CliHost host, TopicDescription topic, string done, string format)
    {
        if (format == "json")
        {
            Json.Write(host, json => WriteJson(json, topic, withPartitions: false));
            return;
        }

        string config = string.Concat(topic.Config.OrderBy(pair => pair.Key, StringComparer.Ordinal)
            .Select(pair => $", {pair.Key}={pair.Value}"));
        host.Text.WriteLine($"topic '{topic.Name}' {done}: {Human.Count(topic.PartitionCount, "partition")}{config}");
    }

    public static void WriteDeleted(CliHost host, string topic, string format)
    {
        if (format == "json")
        {
            Json.Write(host, json =>
            {
                json.WriteStartObject();
                json.WriteString("deleted", topic);
                json.WriteEndObject();
            });
            return;
        }

        host.Text.WriteLine($"topic '{topic}' deleted");
    }

    public static void WriteTrimmed(CliHost host, string topic, IReadOnlyList<PartitionOffset> starts, string format)
    {
        if (format == "json")
        {
            Json.Write(host, json =>
            {
                json.WriteStartArray();
                foreach (PartitionOffset start in starts)
                {
                    json.WriteStartObject();
                    json.WriteString("topic", topic);
                    json.WriteNumber("partition", start.Partition);
                    json.WriteNumber("log_start_offset", start.Offset);
                    json.WriteEndObject();
                }

                json.WriteEndArray();
            });
            return;
        }

        var table = new TextTable("#Partition", "#Log start");
        foreach (PartitionOffset start in starts)
        {
            table.Add(Human.Count(start.Partition), Human.Count(start.Offset));
        }

        table.Write(host);
    }

    public static void WriteDescription(CliHost host, TopicDescription topic, string format)
    {
        if (format == "json")
        {
            Json.Write(host, json => WriteJson(json, topic, withPartitions: true));
            return;
        }

        host.Text.WriteLine($"topic '{topic.Name}', id {topic.Id:N}, created {Human.Timestamp(topic.CreatedAt)}");
        WritePartitions(host, topic);
        foreach (PartitionDescription partition in topic.Partitions.Where(partition => partition.State != "online"))
        {
            host.Text.WriteLine($"partition {partition.Partition} is {partition.State}: {partition.StateDetail}");
        }

        WriteSettings(host, topic);
    }

    private static void WritePartitions(CliHost host, TopicDescription topic)
    {
        // Made to fit 80 columns; the rest is in the JSON form.
        var table = new TextTable("#Partition", "#Records", "Offsets", "#Size", "Last append", "Oldest goes");
        DateTimeOffset now = host.Time.GetUtcNow();
        foreach (PartitionDescription partition in topic.Partitions)
        {
            long count = partition.HighWatermark - partition.LogStartOffset;
            table.Add(
                Human.Count(partition.Partition),
                Human.Count(count),
                count == 0 ? $"from {partition.HighWatermark}" : $"{partition.LogStartOffset} to {partition.HighWatermark - 1}",
                Human.Bytes(partition.SizeBytes),
                partition.LastAppendTime is { } last ? Human.Relative(last, now) : "-",
                partition.EarliestDeletion is { } deletion ? Human.Relative(deletion, now) : "never");
        }

        table.Write(host);
    }

    private static void WriteSettings(CliHost host, TopicDescription topic)
    {
        var table = new TextTable("Setting", "Value", "Set by", "Meaning");
        foreach (TopicSettingDescription setting in topic.Settings)
        {
            table.Add(setting.Name, setting.Value, setting.IsExplicit ? "topic" : "default", setting.Description);
        }

        table.Write(host);
    }

    private static void WriteJson(Utf8JsonWriter json, TopicDescription topic, bool withPartitions)
    {
        json.WriteStartObject();
        json.WriteString("name", topic.Name);
        json.WriteString("id", topic.Id.ToString("N"));
        json.WriteNumber("partition_count", topic.PartitionCount);
        json.WriteNumber("created_ms", topic.CreatedAt.ToUnixTimeMilliseconds());
        json.WriteStartObject("config");
        foreach (KeyValuePair<string, string> pair in topic.Config)
        {
            json.WriteString(pair.Key, pair.Value);
        }

        json.WriteEndObject();
        if (withPartitions)
        {
            WriteJsonPartitions(json, topic);
            WriteJsonSettings(json, topic);
        }

        json.WriteEndObject();
    }

    private static void WriteJsonPartitions(Utf8JsonWriter json, TopicDescription topic)
    {
        json.WriteStartArray("partitions");
        foreach (PartitionDescription partition in topic.Partitions)
        {
            json.WriteStartObject();
            json.WriteNumber("partition", partition.Partition);
            json.WriteNumber("log_start_offset", partition.LogStartOffset);
            json.WriteNumber("high_watermark", partition.HighWatermark);
            json.WriteNumber("size_bytes", partition.SizeBytes);
            json.WriteNumber("segments", partition.SegmentCount);
            WriteOptional(json, "last_append_time_ms", partition.LastAppendTime);
            WriteOptional(json, "earliest_deletion_ms", partition.EarliestDeletion);
            json.WriteString("state", partition.State);
            json.WriteString("state_detail", partition.StateDetail);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteJsonSettings(Utf8JsonWriter json, TopicDescription topic)
    {
        json.WriteStartArray("settings");
        foreach (TopicSettingDescription setting in topic.Settings)
        {
            json.WriteStartObject();
            json.WriteString("name", setting.Name);
            json.WriteString("value", setting.Value);
            json.WriteBoolean("explicit", setting.IsExplicit);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteOptional(Utf8JsonWriter json, string name, DateTimeOffset? moment)
    {
        if (moment is { } known)
        {
            json.WriteNumber(name, known.ToUnixTimeMilliseconds());
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
