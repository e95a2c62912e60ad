using Microsoft.Extensions.Time.Testing;

namespace Broker.Client.Testing;

/// <summary>How a broker in memory is to be; every property may stay as it is.</summary>
public sealed class InMemoryBrokerOptions
{
    /// <summary>
    /// The broker's clock, for dates and for what it does from time to time. Without one it gets a <see cref="FakeTimeProvider"/>
    /// of its own, which begins at the present moment and stands still until it is advanced.
    /// </summary>
    public TimeProvider? TimeProvider { get; set; }

    /// <summary>
    /// Settings by their names in broker.yaml, with values as they are written there: <c>["limits.record_bytes"] = "64KiB"</c>.
    /// What tells where data and ports are means nothing here and is refused.
    /// </summary>
    public IDictionary<string, string> Settings { get; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Topics that are there from the start, with their numbers of partitions.</summary>
    public IDictionary<string, int> Topics { get; } = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>Where the broker's log goes; nowhere by default. Called from any thread.</summary>
    public TextWriter Log { get; set; } = TextWriter.Null;
}
