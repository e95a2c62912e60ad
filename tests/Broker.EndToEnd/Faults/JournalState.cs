using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults;

/// <summary>Where a broker's journal stands, for whoever has to find out why nothing is answered.</summary>
internal static class JournalState
{
    private static readonly string[] Names =
    [
        "broker_written_lsn", "broker_visible_lsn", "broker_journal_tail_bytes", "broker_log_bytes", "broker_disk_free_bytes", "broker_accepts_writes",
        "broker_checkpoints_total",
    ];

    /// <returns>Some metrics, then its journal files.</returns>
    public static async Task<string> DescribeAsync(BrokerProcess broker)
    {
        IEnumerable<string> files = new DirectoryInfo(Path.Combine(broker.DataDirectory, "journal")).GetFiles()
            .OrderBy(file => file.Name, StringComparer.Ordinal)
            .Select(file => $"{file.Name} {file.Length:N0} B, written {file.LastWriteTimeUtc:HH:mm:ss.fff}");
        return $"{await MetricsAsync(broker)}\n{string.Join('\n', files)}";
    }

    private static async Task<string> MetricsAsync(BrokerProcess broker)
    {
        try
        {
            Metrics metrics = await broker.MetricsAsync();
            return string.Join(", ", Names.Select(name => $"{name} {metrics.Counted(name):N0}"));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return $"no metrics: {e.Message}";
        }
    }
}
