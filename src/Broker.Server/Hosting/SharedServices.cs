using Broker.Engine;
using Broker.Records;
using Broker.Server.Configuration;
using Broker.Server.Streams;
using Broker.Server.Telemetry;
using Prometheus;

namespace Broker.Server.Hosting;

/// <summary>What the services of one broker are made from. They can be registered before the engine is there, and used after.</summary>
/// <remarks>Attached once, before the first call.</remarks>
internal sealed class SharedServices(BrokerSettings settings, CollectorRegistry registry, TimeProvider time)
{
    private BrokerEngine? _engine;
    private IBatchLog? _log;
    private BrokerFacts? _facts;
    private BrokerHealth? _health;

    public BrokerEngine Engine => Attached(_engine);

    public IBatchLog Log => Attached(_log);

    public BrokerFacts Facts => Attached(_facts);

    public BrokerHealth Health => Attached(_health);

    public bool IsAttached => _engine is not null;

    public StreamRegistry Streams { get; } = new(time);

    /// <summary>What is in flight may have been accepted, and must then fit the journal file that is kept for a full disk.</summary>
    public ByteBudget ProduceBudget { get; } = new(Math.Min(
        settings.Number("limits.produce_bytes_in_flight"), settings.Number("journal.file_bytes") / 2));

    public ServerMetrics Metrics { get; } = new(registry);

    public CollectorRegistry Registry { get; } = registry;

    public TimeProvider Time { get; } = time;

    public FatalError Fatal { get; } = new();

    public void Attach(BrokerEngine engine, IBatchLog log)
    {
        _engine = engine;
        _log = log;
        _health = new BrokerHealth(engine);
        _facts = new BrokerFacts(settings, engine, _health, Time);
    }

    private static T Attached<T>(T? part)
        where T : class
    {
        Invariant.Check(part is not null);
        return part;
    }
}
