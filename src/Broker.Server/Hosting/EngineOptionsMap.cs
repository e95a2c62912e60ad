using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Server.Configuration;

namespace Broker.Server.Hosting;

/// <summary>Settings as the engine takes them.</summary>
internal static class EngineOptionsMap
{
    public static EngineOptions ToEngineOptions(this BrokerSettings settings) => new()
    {
        DataDirectory = Path.GetFullPath(settings.DataDirectory),
        JournalFileBytes = settings.Number("journal.file_bytes"),
        JournalReplayBytesMax = settings.Number("journal.replay_bytes_max"),
        RecordBytesMax = settings.Int32("limits.record_bytes"),
        BatchBytesMax = settings.Int32("limits.batch_bytes"),
        PartitionsPerTopicMax = settings.Int32("limits.partitions_per_topic"),
        RecycleBytesMax = settings.Number("storage.recycle_bytes_max"),
        ReserveBytes = settings.Number("storage.reserve_bytes"),
        ProducerWindowBatches = settings.Int32("producer.window_batches"),
        ProducersMax = settings.Int32("producer.state.max"),
        ProducerIdleMax = settings.Duration("producer.id.expiration.ms"),
        TransactionBytesMax = settings.Number("transaction.max.bytes"),
        TransactionTimeoutMax = settings.Duration("transaction.max.timeout.ms"),
        OpenTransactionsMax = settings.Int32("transaction.open.max"),
        StagingMemoryBytes = settings.Number("transaction.staging.memory.bytes"),
        StagingBytesMax = settings.Number("transaction.staging.max.bytes"),
        ScrubBytesPerSecond = settings.Number("scrub.bytes_per_second"),
        RetentionCheckInterval = settings.Duration("retention.check_interval"),
        TopicDefaults = TopicSetting.Resolve(TopicSettings.Default, TopicDefaults(settings)),
    };

    private static Dictionary<string, string> TopicDefaults(BrokerSettings settings) => SettingCatalog.All
        .Where(d => d.Key.StartsWith(SettingCatalog.TopicDefaultsPrefix, StringComparison.Ordinal))
        .ToDictionary(
            d => d.Key[SettingCatalog.TopicDefaultsPrefix.Length..],
            d => d.Kind is SettingKind.Choice ? settings.Text(d.Key) : settings.Number(d.Key).ToString());
}
