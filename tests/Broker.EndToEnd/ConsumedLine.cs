using System.Text.Json;

namespace Broker.EndToEnd;

/// <summary>One line of <c>broker consume -o json</c>.</summary>
internal sealed record ConsumedLine(int Partition, long Offset, long TimestampMs, string? Key, string Value)
{
    public static ConsumedLine Parse(string line)
    {
        JsonElement root = JsonDocument.Parse(line).RootElement;
        return new ConsumedLine(
            root.GetProperty("partition").GetInt32(),
            root.GetProperty("offset").GetInt64(),
            root.GetProperty("timestamp_ms").GetInt64(),
            root.GetProperty("key").GetString(),
            root.GetProperty("value").GetString()!);
    }
}
