using Broker.Engine;
using Broker.Server.Streams;
using Broker.Server.Telemetry;
using Prometheus;

namespace Broker.Server.Hosting;

/// <summary>What the services of one broker are made from.</summary>
internal sealed record SharedServices(
    BrokerEngine Engine,
    BrokerFacts Facts,
    BrokerHealth Health,
    StreamRegistry Streams,
    ByteBudget ProduceBudget,
    ServerMetrics Metrics,
    CollectorRegistry Registry,
    TimeProvider Time,
    FatalError Fatal);
