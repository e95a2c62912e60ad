using Broker.Client;
using Broker.Load.Values;
using Broker.Records;

namespace Broker.Load;

/// <summary>What one run is to do. Validated when it was made from a command line.</summary>
internal sealed record LoadSettings
{
    public required string Scenario { get; init; }

    public int SizeBytes { get; init; } = 100;

    /// <summary>In all timed windows together.</summary>
    public TimeSpan Duration { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Before the first timed window, of the broker and of raw each.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>Timed windows.</summary>
    public int Rounds { get; init; } = 3;

    public int Partitions { get; init; } = 1;

    public int Producers { get; init; } = 1;

    public int Connections { get; init; } = 1;

    /// <summary>Null: as the client has it.</summary>
    public int? BatchSizeBytes { get; init; }

    public int? InFlightBatches { get; init; }

    public double? LingerMs { get; init; }

    public Codec Compression { get; init; } = Codec.None;

    public Durability Durability { get; init; } = Durability.Durable;

    public LoadContent Content { get; init; }

    /// <summary>Of latency: records a second of all producers together.</summary>
    public int Rate { get; init; } = 10_000;

    /// <summary>What all partitions together keep.</summary>
    public long RetentionBytes { get; init; } = 1L << 30;

    /// <summary>Of consume: how much is there to be read, again and again.</summary>
    public long FillBytes { get; init; } = 512L << 20;

    /// <summary>A broker that runs; null: one of our own.</summary>
    public string? Server { get; init; }

    /// <summary>Of our own broker; null: a temporary one.</summary>
    public string? DataDirectory { get; init; }

    public bool AcceptsAnyFileSystem { get; init; }

    /// <summary>Settings for our own broker, as broker serve takes them.</summary>
    public IReadOnlyList<string> BrokerSettings { get; init; } = [];

    public bool MeasuresRaw { get; init; } = true;

    public bool Verifies { get; init; }

    /// <summary>What the percentiles of this scenario mean.</summary>
    public string? LatencyCountsFrom => Scenario switch
    {
        "produce" or "raw" or "raw-durable" => "send call to ack",
        "both" => "send call to consumer",
        "latency" => "due time to consumer",
        _ => null,
    };

    public long RecordsOf(long bytes) => Math.Max(1, bytes / SizeBytes);
}
