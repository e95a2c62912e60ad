using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Prometheus;

namespace Broker.Server.Telemetry;

/// <summary>
/// Brings the meters of Engine and Storage to Prometheus. Their instruments carry the final names, so this adds nothing
/// but buckets. Measuring costs one callback and no allocation.
/// </summary>
/// <remarks>Thread-safe. Brokers that share a process share their meters.</remarks>
internal sealed class MeterBridge : IDisposable
{
    /// <summary>Every meter of the parts below; others in the process are not ours to publish.</summary>
    private static readonly string[] MeterNames = ["Broker.Storage", "Broker.Engine"];

    /// <summary>For numbers of entries: powers of two up to the largest group.</summary>
    private static readonly double[] CountBuckets = Histogram.ExponentialBuckets(1, 2, 13);

    private readonly MetricFactory _metrics;
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, Action<double>> _sinks = new();

    public MeterBridge(CollectorRegistry registry)
    {
        _metrics = Metrics.WithCustomRegistry(registry);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (MeterNames.Contains(instrument.Meter.Name))
            {
                listener.EnableMeasurementEvents(instrument, _sinks.GetOrAdd(instrument.Name, _ => Sink(instrument)));
            }
        };
        _listener.SetMeasurementEventCallback<int>(static (_, value, _, state) => ((Action<double>)state!)(value));
        _listener.SetMeasurementEventCallback<long>(static (_, value, _, state) => ((Action<double>)state!)(value));
        _listener.SetMeasurementEventCallback<double>(static (_, value, _, state) => ((Action<double>)state!)(value));
        _listener.Start();
        registry.AddBeforeCollectCallback(_listener.RecordObservableInstruments);
    }

    public void Dispose() => _listener.Dispose();

    private Action<double> Sink(Instrument instrument)
    {
        string name = instrument.Name;
        string help = instrument.Description ?? "";
        Type kind = instrument.GetType().GetGenericTypeDefinition();
        if (kind == typeof(Histogram<>))
        {
            var configuration = new HistogramConfiguration
            {
                Buckets = instrument.Unit == "s" ? ServerMetrics.SecondsBuckets : CountBuckets,
            };
            return _metrics.CreateHistogram(name, help, configuration).Observe;
        }

        if (kind == typeof(Counter<>))
        {
            Counter counter = _metrics.CreateCounter(name, help);
            return counter.Inc;
        }

        if (kind == typeof(ObservableCounter<>))
        {
            return _metrics.CreateCounter(name, help).IncTo;
        }

        Gauge gauge = _metrics.CreateGauge(name, help);
        return kind == typeof(UpDownCounter<>) ? gauge.Inc : gauge.Set;
    }
}
