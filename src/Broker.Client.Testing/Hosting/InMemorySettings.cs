using Broker.Server.Configuration;

namespace Broker.Client.Testing.Hosting;

/// <summary>The settings of a broker in memory: what a test says, and small files beside it.</summary>
internal static class InMemorySettings
{
    private const string Origin = "InMemoryBrokerOptions.Settings";

    // A data directory on the disk in memory, which is all that there is on it.
    private static readonly RawSetting[] Own =
    [
        new("data_dir", Path.GetFullPath("/broker"), Origin),
        // What is prepared and kept for reuse would only be memory.
        new("journal.file_bytes", "1MiB", Origin),
        new("journal.replay_bytes_max", "4MiB", Origin),
        new("storage.recycle_bytes_max", "0", Origin),
        // Nothing in memory decays.
        new("scrub.bytes_per_second", "0", Origin),
    ];

    private static readonly string[] Meaningless = ["data_dir", "grpc.listen", "http.listen", "security.insecure", "storage.on_overlay"];

    /// <exception cref="ArgumentException">One sentence for each setting that is unknown, not allowed, or means nothing in memory.</exception>
    public static BrokerSettings Of(IEnumerable<KeyValuePair<string, string>> given)
    {
        RawSetting[] settings = [.. given.Select(setting => new RawSetting(setting.Key, setting.Value, Origin))];
        string[] meaningless = [.. settings.Select(setting => setting.Key).Intersect(Meaningless)];
        if (meaningless.Length > 0)
        {
            throw new ArgumentException($"A broker in memory has no use for {string.Join(", ", meaningless)}.");
        }

        try
        {
            return BrokerSettings.Of([.. Own, .. settings]);
        }
        catch (SettingsException e)
        {
            throw new ArgumentException(string.Join(" ", e.Problems), e);
        }
    }
}
