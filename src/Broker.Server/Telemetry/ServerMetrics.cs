using Broker.Records;
using Broker.Server.Streams;
using Prometheus;

namespace Broker.Server.Telemetry;

/// <summary>What the server itself counts. docs/operations.md lists every metric.</summary>
/// <remarks>Thread-safe; counting allocates nothing.</remarks>
internal sealed class ServerMetrics
{
    /// <summary>50 µs to 10 s: a durable ack takes half a millisecond, a bad disk takes seconds.</summary>
    public static readonly double[] SecondsBuckets =
        [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    private readonly Counter _producedRecords;
    private readonly Counter _producedBatches;
    private readonly Counter _producedBytes;
    private readonly Counter _duplicateBatches;
    private readonly Counter _refusedBatches;
    private readonly Counter _fetchedRecords;
    private readonly Counter _fetchedBytes;
    private readonly Counter _fetchResponses;
    private readonly Gauge _openStreams;
    private readonly Gauge _openConnections;
    private readonly Histogram _requestSeconds;
    private readonly Counter _requests;

    public ServerMetrics(CollectorRegistry registry)
    {
        MetricFactory metrics = Metrics.WithCustomRegistry(registry);
        _producedRecords = metrics.CreateCounter("broker_produced_records_total", "Records appended.");
        _producedBatches = metrics.CreateCounter("broker_produced_batches_total", "Batches appended.");
        _producedBytes = metrics.CreateCounter("broker_produced_bytes_total", "Bytes of appended batches as they came.");
        _duplicateBatches = metrics.CreateCounter(
            "broker_duplicate_batches_total", "Repeated batches answered with their original offset.");
        _refusedBatches = metrics.CreateCounter("broker_refused_batches_total", "Batches refused, by reason.", "reason");
        _fetchedRecords = metrics.CreateCounter("broker_fetched_records_total", "Records sent to readers.");
        _fetchedBytes = metrics.CreateCounter("broker_fetched_bytes_total", "Bytes of stored batches sent to readers.");
        _fetchResponses = metrics.CreateCounter("broker_fetch_responses_total", "Fetch responses and plain reads that carried records.");
        _openStreams = metrics.CreateGauge("broker_open_streams", "Open produce and fetch streams.", "kind");
        _openConnections = metrics.CreateGauge("broker_open_connections", "Open connections, by port.", "port");
        _requests = metrics.CreateCounter("broker_requests_total", "Unary calls, by method and gRPC status.", "method", "status");
        _requestSeconds = metrics.CreateHistogram(
            "broker_request_seconds", "Duration of unary calls.", ["method"], new HistogramConfiguration { Buckets = SecondsBuckets });
        AppendToAckSeconds = metrics.CreateHistogram(
            "broker_append_to_ack_seconds",
            "From the receipt of a produce request to the writing of its ack.",
            new HistogramConfiguration { Buckets = SecondsBuckets });
        Throttled = metrics.CreateCounter(
            "broker_produce_throttled_total", "Produce requests that waited because too many bytes were in flight.");
        // Present from the first scrape on, so that a dashboard shows 0 and not a gap.
        _openStreams.WithLabels("produce").Set(0);
        _openStreams.WithLabels("fetch").Set(0);
    }

    public Histogram AppendToAckSeconds { get; }

    public Counter Throttled { get; }

    public void Produced(ReadOnlySpan<byte> stored, in BatchOutcome outcome)
    {
        if (outcome.Error is { } error)
        {
            _refusedBatches.WithLabels(error.Reason).Inc();
        }
        else if (outcome.IsDuplicate)
        {
            _duplicateBatches.Inc();
        }
        else
        {
            _producedRecords.Inc(new StoredBatchView(stored).RecordCount);
            _producedBatches.Inc();
            _producedBytes.Inc(stored.Length);
        }
    }

    public void Fetched(long recordCount, long sizeBytes)
    {
        _fetchedRecords.Inc(recordCount);
        _fetchedBytes.Inc(sizeBytes);
        _fetchResponses.Inc();
    }

    /// <summary>Counts a stream for as long as the result lives.</summary>
    public IDisposable OpenStream(string kind) => _openStreams.WithLabels(kind).TrackInProgress();

    /// <summary>Counts a connection for as long as the result lives.</summary>
    public IDisposable OpenConnection(string port) => _openConnections.WithLabels(port).TrackInProgress();

    public void Requested(string method, Grpc.Core.StatusCode status, TimeSpan duration)
    {
        _requests.WithLabels(method, status.ToString()).Inc();
        _requestSeconds.WithLabels(method).Observe(duration.TotalSeconds);
    }
}
