using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Broker.Cli.Output;

namespace Broker.Load.Results;

/// <summary>A result as one line of JSON. Names are never renamed.</summary>
internal static class ResultJson
{
    public static string Line(LoadResult result)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Json.OneLine))
        {
            Write(json, result);
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static void Write(Utf8JsonWriter json, LoadResult result)
    {
        json.WriteStartObject();
        json.WriteString("scenario", result.Scenario);
        json.WriteNumber("record_bytes", result.Settings.SizeBytes);
        json.WriteNumber("records", result.Records);
        json.WriteNumber("seconds", Math.Round(result.Elapsed.TotalSeconds, 3));
        json.WriteNumber("records_per_second", Math.Round(result.RecordsPerSecond));
        json.WriteNumber("mb_per_second", Math.Round(result.MegabytesPerSecond, 1));
        WriteNumber(json, "p50_us", LoadResult.Us(result.Latency, 50), 1);
        WriteNumber(json, "p99_us", LoadResult.Us(result.Latency, 99), 1);
        WriteNumber(json, "p999_us", LoadResult.Us(result.Latency, 99.9), 1);
        WriteNumber(json, "broker_cpu_seconds", result.BrokerProcessor?.TotalSeconds, 3);
        WriteNumber(json, "broker_rss_anon_bytes", result.BrokerRssAnonBytes, 0);
        WriteNumber(json, "disk_bytes", result.DiskBytes, 0);
        WriteNumber(json, "syncs", result.SyncCount, 0);
        WriteNumber(json, "sync_p50_us", result.SyncMedianUs, 0);
        json.WriteString("filesystem", result.FileSystem);
        WriteNumber(json, "raw_ratio", result.RawRatio, 3);
        WriteSettings(json, result);
        json.WriteEndObject();
    }

    private static void WriteSettings(Utf8JsonWriter json, LoadResult result)
    {
        LoadSettings settings = result.Settings;
        json.WriteStartObject("settings");
        json.WriteNumber("windows", settings.Rounds);
        json.WriteNumber("warm_up_seconds", settings.WarmUp.TotalSeconds);
        json.WriteNumber("partitions", settings.Partitions);
        json.WriteNumber("producers", settings.Producers);
        json.WriteNumber("connections", settings.Connections);
        json.WriteString("compression", settings.Compression.ToString().ToLowerInvariant());
        json.WriteString("durability", settings.Durability.ToString().ToLowerInvariant());
        json.WriteString("content", settings.Content.ToString().ToLowerInvariant());
        WriteNumber(json, "batch_bytes", settings.BatchSizeBytes, 0);
        WriteNumber(json, "in_flight_batches", settings.InFlightBatches, 0);
        WriteNumber(json, "linger_ms", settings.LingerMs, 3);
        WriteNumber(json, "rate", settings.Scenario == "latency" ? settings.Rate : null, 0);
        json.WriteString("latency_counts_from", settings.LatencyCountsFrom);
        json.WriteNumber("retention_bytes", settings.RetentionBytes);
        json.WriteNumber("fill_bytes", settings.FillBytes);
        json.WriteBoolean("verify", settings.Verifies);
        json.WriteString("server", settings.Server ?? "spawned");
        json.WriteStartArray("broker_settings");
        foreach (string setting in settings.BrokerSettings)
        {
            json.WriteStringValue(setting);
        }

        json.WriteEndArray();
        json.WriteString("system", RuntimeInformation.OSDescription);
        json.WriteString("runtime", RuntimeInformation.FrameworkDescription);
        json.WriteNumber("cores", Environment.ProcessorCount);
        json.WriteEndObject();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double? number, int digits)
    {
        if (number is { } known)
        {
            json.WriteNumber(name, Math.Round((decimal)known, digits));
        }
        else
        {
            json.WriteNull(name);
        }
    }
}
