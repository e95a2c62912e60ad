using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Server.Streams;
using Prometheus;

namespace Broker.Server.Telemetry;

/// <summary>Gauges that are read from the engine when somebody scrapes.</summary>
internal sealed class EngineMetrics
{
    private readonly BrokerEngine _engine;
    private readonly ByteBudget _produceBudget;
    private readonly Gauge _topics;
    private readonly Gauge _partitions;
    private readonly Gauge _quarantined;
    private readonly Gauge _producers;
    private readonly Gauge _logBytes;
    private readonly Gauge _diskFree;
    private readonly Gauge _diskNeeded;
    private readonly Gauge _acceptsWrites;
    private readonly Gauge _journalTail;
    private readonly Gauge _visibleLsn;
    private readonly Gauge _writtenLsn;
    private readonly Gauge _inFlight;
    private readonly Counter _allocated;
    private readonly TransactionMetrics _transactions;

    public EngineMetrics(CollectorRegistry registry, BrokerEngine engine, ByteBudget produceBudget, string version)
    {
        _engine = engine;
        _produceBudget = produceBudget;
        MetricFactory metrics = Metrics.WithCustomRegistry(registry);
        _topics = metrics.CreateGauge("broker_topics", "Topics.");
        _partitions = metrics.CreateGauge("broker_partitions", "Partitions of all topics.");
        _quarantined = metrics.CreateGauge("broker_partitions_quarantined", "Partitions that take no records because a part of their log is damaged.");
        _producers = metrics.CreateGauge("broker_producers", "Producers whose sequences are remembered.");
        _logBytes = metrics.CreateGauge("broker_log_bytes", "Bytes of all partitions' logs.");
        _diskFree = metrics.CreateGauge("broker_disk_free_bytes", "Free space where the data directory is.");
        _diskNeeded = metrics.CreateGauge("broker_disk_needed_bytes", "Free space below which writes are refused.");
        _acceptsWrites = metrics.CreateGauge("broker_accepts_writes", "1 while writes are accepted, 0 while they are refused.");
        _journalTail = metrics.CreateGauge("broker_journal_tail_bytes", "Journal that a restart would replay.");
        _visibleLsn = metrics.CreateGauge("broker_visible_lsn", "Newest journal entry that is on disk and in effect.");
        _writtenLsn = metrics.CreateGauge("broker_written_lsn", "Newest journal entry that was handed to the operating system.");
        _inFlight = metrics.CreateGauge("broker_produce_in_flight_bytes", "Produced bytes that are not yet written and acknowledged.");
        _allocated = metrics.CreateCounter("broker_allocated_bytes_total", "Bytes that this process has allocated on the managed heap.");
        metrics.CreateGauge("broker_incarnation", "The number of this run; it grows with each start.").Set(engine.Incarnation);
        metrics.CreateGauge("broker_start_sync_seconds", "Median journal sync, measured at start.").Set(engine.SyncTime.TotalSeconds);
        metrics.CreateGauge("broker_recovery_seconds", "How long opening the data directory took.")
            .Set(engine.Recovery.Duration.TotalSeconds);
        metrics.CreateGauge("broker_build_info", "1, with the version as a label.", "version").WithLabels(version).Set(1);
        _transactions = new TransactionMetrics(metrics);
        registry.AddBeforeCollectCallback(Read);
    }

    private void Read()
    {
        EngineStatus status = _engine.Status;
        IReadOnlyList<TopicInfo> topics = _engine.Topics;
        (int partitionCount, int quarantined, long logBytes) = (0, 0, 0);
        foreach (TopicInfo topic in topics)
        {
            partitionCount += topic.Partitions.Count;
            foreach (PartitionHandle partition in topic.Partitions)
            {
                logBytes += partition.Stats().SizeBytes;
                quarantined += partition.IsQuarantined ? 1 : 0;
            }
        }

        _topics.Set(topics.Count);
        _partitions.Set(partitionCount);
        _quarantined.Set(quarantined);
        _logBytes.Set(logBytes);
        _producers.Set(status.ProducerCount);
        _transactions.Read(status.Transactions);
        _diskFree.Set(status.DiskFreeBytes);
        _diskNeeded.Set(status.DiskNeededBytes);
        _acceptsWrites.Set(status.AcceptsWrites ? 1 : 0);
        _journalTail.Set(status.JournalTailBytes);
        _visibleLsn.Set(_engine.Progress.VisibleLsn);
        _writtenLsn.Set(_engine.Progress.WrittenLsn);
        _inFlight.Set(_produceBudget.TakenBytes);
        _allocated.IncTo(GC.GetTotalAllocatedBytes());
    }
}
