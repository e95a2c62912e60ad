using Broker.Client.Transport;

namespace Broker.Client.Consuming;

/// <summary>Finds partitions that were added to topics while they are read.</summary>
/// <remarks>One caller at a time; the asking itself runs beside the reading.</remarks>
internal sealed class PartitionWatch(ClientContext context, ConsumerOptions options, List<PartitionCursor> cursors)
{
    private readonly bool _isWatching = options is { Partitions: null, StopAtEnd: false };
    private long _lastAsked = context.Time.GetTimestamp();
    private Task<List<TopicMetadata>>? _asking;

    /// <summary>Adds cursors for partitions that are new since the last time, to be read from their beginning.</summary>
    /// <returns>The added ones.</returns>
    public IReadOnlyList<PartitionCursor> TakeNew(CancellationToken cancellationToken)
    {
        if (!_isWatching)
        {
            return [];
        }

        if (_asking is null)
        {
            if (context.Time.GetElapsedTime(_lastAsked) >= options.PartitionCheckInterval)
            {
                _asking = AskAsync(cancellationToken);
            }

            return [];
        }

        if (!_asking.IsCompleted)
        {
            return [];
        }

        Task<List<TopicMetadata>> asked = _asking;
        _asking = null;
        _lastAsked = context.Time.GetTimestamp();
        return asked.IsCompletedSuccessfully ? AddNew(asked.Result) : [];
    }

    private List<PartitionCursor> AddNew(List<TopicMetadata> topics)
    {
        var added = new List<PartitionCursor>();
        foreach (TopicMetadata topic in topics)
        {
            int known = cursors.Count(cursor => cursor.TopicId == topic.Id);

            // None known: the topic was created anew, and its old partitions will end the reading.
            for (int partition = known; known > 0 && partition < topic.PartitionCount; partition++)
            {
                added.Add(new PartitionCursor(topic, partition, StartAt.Earliest));
            }
        }

        cursors.AddRange(added);
        return added;
    }

    private async Task<List<TopicMetadata>> AskAsync(CancellationToken cancellationToken)
    {
        var topics = new List<TopicMetadata>();
        foreach (string name in options.AllTopics)
        {
            try
            {
                topics.Add(await context.Topics.RefreshAsync(name, TimeSpan.Zero, cancellationToken).ConfigureAwait(false));
            }
            catch (BrokerException)
            {
                // Whatever is wrong shows on the stream as well, and is told there.
            }
        }

        return topics;
    }
}
