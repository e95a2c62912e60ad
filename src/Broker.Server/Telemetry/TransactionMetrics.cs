using Broker.Engine.Transactions;
using Prometheus;

namespace Broker.Server.Telemetry;

/// <summary>Transactions, as of a scrape.</summary>
internal sealed class TransactionMetrics(MetricFactory metrics)
{
    private readonly Gauge _open = metrics.CreateGauge("broker_transactions_open", "Transactions that are open.");
    private readonly Gauge _oldestAge = metrics.CreateGauge(
        "broker_transaction_oldest_age_seconds", "Age of the open transaction that was begun first; 0 without one.");

    private readonly Gauge _staged = metrics.CreateGauge(
        "broker_transaction_staged_bytes", "Bytes that open transactions have sent, by where they wait.", "place");

    private readonly Counter _commits = metrics.CreateCounter("broker_transaction_commits_total", "Transactions that were committed.");
    private readonly Counter _aborts = metrics.CreateCounter("broker_transaction_aborts_total", "Transactions that were aborted, whatever by.");
    private readonly Counter _fenced = metrics.CreateCounter(
        "broker_transaction_fenced_total", "Transactional calls that were refused because another instance of the producer had taken over.");

    public void Read(in TransactionStats stats)
    {
        _open.Set(stats.OpenCount);
        _oldestAge.Set(stats.OldestAge.TotalSeconds);
        _staged.WithLabels("memory").Set(stats.StagedMemoryBytes);
        _staged.WithLabels("file").Set(stats.StagedBytes - stats.StagedMemoryBytes);
        _commits.IncTo(stats.CommitCount);
        _aborts.IncTo(stats.AbortCount);
        _fenced.IncTo(stats.FencedCount);
    }
}
