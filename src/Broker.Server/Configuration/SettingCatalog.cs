using Broker.Engine.Text;
using static Broker.Server.Configuration.SettingKind;

namespace Broker.Server.Configuration;

/// <summary>Every setting there is. broker.yaml and docs/operations.md list the same ones; tests compare them.</summary>
internal static class SettingCatalog
{
    private const long KiB = 1L << 10, MiB = 1L << 20, GiB = 1L << 30, TiB = 1L << 40;
    private const long Second = 1_000, Minute = 60 * Second, Hour = 60 * Minute, Day = 24 * Hour;

    public const string TopicDefaultsPrefix = "topic_defaults.";

    public static readonly IReadOnlyList<SettingDefinition> All =
    [
        new("data_dir", Text, "./data"),
        new("grpc.listen", EndPoint, "127.0.0.1:9095"),
        new("http.listen", EndPoint, "127.0.0.1:9096"),
        new("security.insecure", Flag, "false"),

        new("log.format", Choice, "text") { Choices = ["text", "json"] },
        new("log.level", Choice, "info") { Choices = ["debug", "info", "warning", "error"] },

        // Smaller journal files than 1 MiB would spend their time on rolling.
        new("journal.file_bytes", Bytes, "64MiB") { Min = MiB, Max = 4 * GiB },
        new("journal.replay_bytes_max", Bytes, "256MiB") { Min = 2 * MiB, Max = 64 * GiB },

        new("storage.recycle_bytes_max", Bytes, "4GiB") { Max = 64 * TiB },
        new("storage.reserve_bytes", Bytes, "512MiB") { Max = 64 * TiB },
        new("storage.on_overlay", Choice, "warn") { Choices = ["warn", "refuse"] },
        new("scrub.bytes_per_second", Bytes, "4MiB") { Max = 64 * GiB },
        new("retention.check_interval", Duration, "30s") { Min = 100, Max = Day },

        new("producer.window_batches", Count, "64") { Min = 5, Max = 1024 },
        new("producer.state.max", Count, "1000000") { Min = 100, Max = 2_000_000 },
        // Longer than any client goes on sending, as far as one may hope.
        new("producer.id.expiration.ms", Duration, "1d") { Min = 15 * Minute, Max = 365 * Day },

        // A commit is one write, and everyone waits for it: 32 MiB take about 20 ms.
        new("transaction.max.bytes", Bytes, "32MiB") { Min = 64 * KiB, Max = GiB },
        new("transaction.max.timeout.ms", Duration, "15m") { Min = Second, Max = Day },
        new("transaction.open.max", Count, "10000") { Min = 1, Max = 1_000_000 },
        new("transaction.staging.memory.bytes", Bytes, "64MiB") { Max = 64 * GiB },
        new("transaction.staging.max.bytes", Bytes, "1GiB") { Min = MiB, Max = 64 * TiB },

        new("limits.record_bytes", Bytes, "1MiB") { Min = KiB, Max = 8 * MiB },
        new("limits.batch_bytes", Bytes, "4MiB") { Min = 4 * KiB, Max = 8 * MiB },
        // What the marshallers of both sides take.
        new("limits.message_bytes", Bytes, "8MiB") { Min = 64 * KiB, Max = 8 * MiB },
        new("limits.partitions_per_topic", Count, "10000") { Min = 1, Max = 100_000 },
        new("limits.connections", Count, "12000") { Min = 1, Max = 1_000_000 },
        new("limits.streams_per_connection", Count, "1000") { Min = 1, Max = 100_000 },
        new("limits.produce_bytes_in_flight_per_connection", Bytes, "16MiB") { Min = MiB, Max = 16 * GiB },
        new("limits.produce_bytes_in_flight", Bytes, "32MiB") { Min = MiB, Max = 64 * GiB },
        new("limits.fetch_response_bytes", Bytes, "1MiB") { Min = 4 * KiB, Max = 16 * MiB },
        new("limits.fetch_partitions_per_stream", Count, "20000") { Min = 1, Max = 1_000_000 },

        new("grpc.keepalive_ping_delay", Duration, "30s") { Min = Second, Max = Day },
        new("grpc.keepalive_ping_timeout", Duration, "20s") { Min = Second, Max = Day },
        new("grpc.reflection", Choice, "loopback") { Choices = ["loopback", "on", "off"] },
        new("shutdown.timeout", Duration, "10s") { Min = 100, Max = Hour },

        new(TopicDefaultsPrefix + "retention.ms", Duration, "7d") { Min = 1, AllowsUnlimited = true },
        new(TopicDefaultsPrefix + "retention.bytes", Bytes, "-1") { AllowsUnlimited = true },
        new(TopicDefaultsPrefix + "segment.bytes", Bytes, "1GiB") { Min = 64 * KiB, Max = GiB },
        new(TopicDefaultsPrefix + "segment.ms", Duration, "7d") { Min = Second },
        new(TopicDefaultsPrefix + "compression.type", Choice, "producer") { Choices = ["producer", "none", "lz4", "zstd"] },
        new(TopicDefaultsPrefix + "max.message.bytes", Bytes, "1MiB") { Min = 1, Max = 8 * MiB },
        new(TopicDefaultsPrefix + "message.timestamp.type", Choice, "CreateTime") { Choices = ["CreateTime", "LogAppendTime"] },
        new(TopicDefaultsPrefix + "message.timestamp.after.max.ms", Duration, "1h"),
        new(TopicDefaultsPrefix + "index.interval.bytes", Bytes, "4096") { Min = 512, Max = 64 * KiB },
        new(TopicDefaultsPrefix + "durability", Choice, "durable") { Choices = ["durable", "os"] },
    ];

    private static readonly Dictionary<string, SettingDefinition> ByKey = All.ToDictionary(d => d.Key, StringComparer.Ordinal);

    public static SettingDefinition? Find(string key) => ByKey.GetValueOrDefault(key);

    /// <summary>The key that was most likely meant by an unknown one; null when none is near.</summary>
    public static string? Nearest(string unknownKey)
    {
        // A third of the letters may differ: "journal.filebyte" still finds its key, "foo" finds none.
        int distanceMax = Math.Max(2, unknownKey.Length / 3);

        // A key without its section ("file_bytes") is nearer in meaning than in letters.
        return NearestName.Find(unknownKey, All.Select(d => d.Key), distanceMax)
            ?? All.FirstOrDefault(d => d.Key.EndsWith("." + unknownKey, StringComparison.Ordinal))?.Key;
    }
}
