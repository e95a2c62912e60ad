using System.Globalization;
using Broker.Engine.Text;
using Broker.Records;

namespace Broker.Engine.Topics;

/// <summary>One setting that a topic may have: its name, what it means, how it is read and shown.</summary>
internal sealed class TopicSetting
{
    private readonly Func<TopicSettings, string> _show;
    private readonly Func<TopicSettings, string, TopicSettings?> _read;

    private delegate bool TryParse(string text, out long value);

    private TopicSetting(
        string name, string description, string allowed, Func<TopicSettings, string> show, Func<TopicSettings, string, TopicSettings?> read)
    {
        Name = name;
        Description = description;
        Allowed = allowed;
        _show = show;
        _read = read;
    }

    /// <summary>Every setting, in the order in which they are shown.</summary>
    public static IReadOnlyList<TopicSetting> All { get; } =
    [
        Duration("retention.ms", "How long records are kept after the broker appended them; -1 for ever.",
            -1, long.MaxValue, s => s.RetentionMs, (s, v) => s with { RetentionMs = v }),
        Bytes("retention.bytes", "How many bytes each partition keeps; -1 for no limit.",
            -1, long.MaxValue, s => s.RetentionBytes, (s, v) => s with { RetentionBytes = v }),
        Bytes("segment.bytes", "Size at which a partition begins a new segment file.",
            64 * 1024, 1 << 30, s => s.SegmentBytes, (s, v) => s with { SegmentBytes = (int)v }),
        Duration("segment.ms", "Age at which a partition begins a new segment file.",
            1000, long.MaxValue, s => s.SegmentMs, (s, v) => s with { SegmentMs = v }),
        new("compression.type", "Codec of stored batches: what the producer chose, or recompressed by the broker.",
            "producer, none, lz4 or zstd", s => ShowCodec(s.CompressionType), ReadCodec),
        Bytes("max.message.bytes", "Largest record.",
            1, 16 << 20, s => s.MaxMessageBytes, (s, v) => s with { MaxMessageBytes = (int)v }),
        new("message.timestamp.type", "Whose time a record carries: the producer's or the broker's at append.",
            "CreateTime or LogAppendTime", s => s.LogAppendTime ? "LogAppendTime" : "CreateTime",
            (s, v) => v switch
            {
                "CreateTime" => s with { LogAppendTime = false },
                "LogAppendTime" => s with { LogAppendTime = true },
                _ => null,
            }),
        Duration("message.timestamp.after.max.ms", "How far in the future a record may be dated.",
            0, long.MaxValue, s => s.TimestampAfterMaxMs, (s, v) => s with { TimestampAfterMaxMs = v }),
        Bytes("index.interval.bytes", "Bytes of log between two index entries.",
            512, 64 * 1024, s => s.IndexIntervalBytes, (s, v) => s with { IndexIntervalBytes = (int)v }),
        new("durability", "What an ack means at least: durable is synced to disk, os is handed to the operating system.",
            "durable or os", s => s.Durability == Durability.Durable ? "durable" : "os",
            (s, v) => v switch
            {
                "durable" => s with { Durability = Durability.Durable },
                "os" => s with { Durability = Durability.Os },
                _ => null,
            }),
    ];

    public string Name { get; }

    public string Description { get; }

    /// <summary>Which values are accepted, for messages.</summary>
    public string Allowed { get; }

    /// <summary>The value in force, as text.</summary>
    public string Show(TopicSettings settings) => _show(settings);

    /// <summary>Applies a topic's own settings to the broker's defaults.</summary>
    /// <exception cref="BrokerException">InvalidConfig: an unknown name or a value out of range.</exception>
    public static TopicSettings Resolve(TopicSettings defaults, IReadOnlyDictionary<string, string> config)
    {
        TopicSettings settings = defaults;
        foreach ((string name, string value) in config)
        {
            TopicSetting setting = Find(name);
            settings = setting._read(settings, value)
                ?? throw new BrokerException(
                    BrokerError.InvalidConfig,
                    $"Topic setting {name} does not take \"{value}\": allowed is {setting.Allowed}.",
                    new Dictionary<string, string> { ["name"] = name, ["value"] = value, ["allowed"] = setting.Allowed });
        }

        return settings;
    }

    /// <summary>What a topic sets itself, as it is kept and shown: "7d" becomes "604800000".</summary>
    /// <exception cref="BrokerException">InvalidConfig: an unknown name or a value out of range.</exception>
    public static Dictionary<string, string> Normalise(IReadOnlyDictionary<string, string> config)
    {
        TopicSettings settings = Resolve(TopicSettings.Default, config);
        return config.Keys.ToDictionary(name => name, name => Find(name).Show(settings), StringComparer.Ordinal);
    }

    /// <exception cref="BrokerException">InvalidConfig: no such setting.</exception>
    public static TopicSetting Find(string name)
    {
        foreach (TopicSetting setting in All)
        {
            if (setting.Name == name)
            {
                return setting;
            }
        }

        string known = string.Join(", ", All.Select(s => s.Name));
        throw new BrokerException(
            BrokerError.InvalidConfig,
            $"There is no topic setting \"{name}\". Topic settings are: {known}.",
            new Dictionary<string, string> { ["name"] = name });
    }

    private static TopicSetting Bytes(
        string name, string description, long min, long max, Func<TopicSettings, long> get, Func<TopicSettings, long, TopicSettings> with) =>
        Number(name, description, min, max, get, with, UnitText.TryParseBytes, "bytes, with or without a unit as in 64MiB");

    private static TopicSetting Duration(
        string name, string description, long min, long max, Func<TopicSettings, long> get, Func<TopicSettings, long, TopicSettings> with) =>
        Number(name, description, min, max, get, with, UnitText.TryParseMilliseconds, "milliseconds, or with a unit as in 90s, 12h or 7d");

    private static TopicSetting Number(
        string name,
        string description,
        long min,
        long max,
        Func<TopicSettings, long> get,
        Func<TopicSettings, long, TopicSettings> with,
        TryParse tryParse,
        string unit)
    {
        string range = max == long.MaxValue ? $"a whole number from {min} on" : $"a whole number from {min} to {max}";
        return new TopicSetting(
            name, description, $"{range}, in {unit}",
            s => get(s).ToString(CultureInfo.InvariantCulture),
            (s, text) => tryParse(text, out long value) && value >= min && value <= max ? with(s, value) : null);
    }

    private static string ShowCodec(Codec? codec) => codec switch
    {
        null => "producer",
        Codec.None => "none",
        Codec.Lz4 => "lz4",
        Codec.Zstd => "zstd",
        _ => codec.ToString()!,
    };

    private static TopicSettings? ReadCodec(TopicSettings settings, string value) => value switch
    {
        "producer" => settings with { CompressionType = null },
        "none" => settings with { CompressionType = Codec.None },
        "lz4" => settings with { CompressionType = Codec.Lz4 },
        "zstd" => settings with { CompressionType = Codec.Zstd },
        _ => null,
    };
}
