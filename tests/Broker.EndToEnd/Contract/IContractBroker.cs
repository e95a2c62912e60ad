using Broker.Client;

namespace Broker.EndToEnd.Contract;

/// <summary>A broker that clients are promised the same of, however it is run. Tests of one class share it.</summary>
public interface IContractBroker : IAsyncLifetime
{
    /// <summary>How often the broker looks for what is to be freed.</summary>
    static readonly TimeSpan RetentionCheckInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Settings of each, by their names in broker.yaml: small files, so that tests cross their borders.</summary>
    static IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>
    {
        ["journal.file_bytes"] = "1MiB",
        ["journal.replay_bytes_max"] = "2MiB",
        ["storage.recycle_bytes_max"] = "4MiB",
        ["topic_defaults.segment.bytes"] = "256KiB",
        ["retention.check_interval"] = $"{RetentionCheckInterval.TotalMilliseconds}ms",
    };

    /// <summary>A client that stays one when the broker is restarted.</summary>
    BrokerClient CreateClient();

    /// <summary>Stops in order and starts again.</summary>
    Task RestartAsync();

    /// <summary>Ends without warning and starts again.</summary>
    Task KillAsync();

    /// <summary>Returns when the broker's clock has gone on by so much.</summary>
    Task PassTimeAsync(TimeSpan time);
}
