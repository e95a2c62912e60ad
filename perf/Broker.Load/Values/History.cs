using System.Collections.Concurrent;
using Broker.Cli;
using Broker.EndToEnd.Faults;

namespace Broker.Load.Values;

/// <summary>All that was sent to one topic, record by record, held against what is in it. Some 150 bytes a record.</summary>
/// <remarks>Thread-safe between producers.</remarks>
internal sealed class History(string topic, int partitions)
{
    private readonly ConcurrentDictionary<int, ProducerHistory> _producers = new();

    /// <summary>One for each producer, before it sends.</summary>
    public ProducerHistory Begin(int producer, string name)
    {
        if (name != topic)
        {
            throw new InvalidOperationException($"This is the history of {topic}, not of {name}.");
        }

        return _producers[producer] = new ProducerHistory(producer, topic, partitions);
    }

    /// <summary>Reads the topic and compares, while nothing is in flight.</summary>
    /// <exception cref="CliException">Something was found; names it.</exception>
    public async Task CheckAsync(string server, LoadValue values, CancellationToken cancellationToken)
    {
        IEnumerable<LogName> logs = Enumerable.Range(0, partitions).Select(partition => new LogName(topic, partition));
        IReadOnlyList<LogContent> contents = await LogReader.ReadAllAsync(
            server, logs, (offset, _, value) => values.Judge(offset, value), cancellationToken).ConfigureAwait(false);
        Findings findings = new HistoryChecker().Check(_producers.ToDictionary(each => each.Key, each => each.Value.Sent), contents);
        if (findings.Any)
        {
            throw new CliException(
                $"the history does not hold: {string.Join(", ", findings.Counts.Select(count => $"{count.Key} {count.Value:N0} times"))}; "
                + string.Join("; ", findings.Examples));
        }
    }
}
