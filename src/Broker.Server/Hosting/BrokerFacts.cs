using System.Reflection;
using Broker.Engine;
using Broker.Protocol.V1;
using Broker.Server.Configuration;

namespace Broker.Server.Hosting;

/// <summary>What a broker says about itself: to clients, in its banner, and as metrics.</summary>
internal sealed class BrokerFacts(BrokerSettings settings, BrokerEngine engine, BrokerHealth health, TimeProvider time)
{
    private static readonly string[] Features = ["produce", "fetch", "append", "read", "list_offsets", "idempotence", "topics", "producers", "expected_offset",
        "transactions", "offsets"];

    private readonly long _startedMs = time.GetUtcNow().ToUnixTimeMilliseconds();

    public static string Version { get; } =
        typeof(BrokerFacts).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    public string DataDirectory { get; } = Path.GetFullPath(settings.DataDirectory);

    public GetServerInfoResponse Describe()
    {
        EngineStatus status = engine.Status;
        IReadOnlyList<Engine.Topics.TopicInfo> topics = engine.Topics;
        return new GetServerInfoResponse
        {
            Version = Version,
            Incarnation = (ulong)engine.Incarnation,
            Features = { Features },
            Limits = new Limits
            {
                RecordBytesMax = engine.Options.RecordBytesMax,
                BatchBytesMax = engine.Options.BatchBytesMax,
                MessageBytesMax = settings.Number("limits.message_bytes"),
                PartitionsPerTopicMax = engine.Options.PartitionsPerTopicMax,
                ProducerWindowBatches = engine.Options.ProducerWindowBatches,
            },
            StartedMs = _startedMs,
            DataDirectory = DataDirectory,
            Security = "insecure",
            SyncTimeUs = (long)engine.SyncTime.TotalMicroseconds,
            TopicCount = topics.Count,
            PartitionCount = topics.Sum(t => t.Partitions.Count),
            DiskFreeBytes = status.DiskFreeBytes,
            VisibleLsn = (ulong)engine.Progress.VisibleLsn,
            Problems = { health.Problems() },
        };
    }
}
