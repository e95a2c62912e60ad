using System.Collections.Concurrent;
using Broker.Client.Diagnostics;
using Broker.Client.Transport;

namespace Broker.Client.Producing;

/// <summary>The topics that a producer writes to: looked up on first use, looked up again when the broker knows them no more.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ProducerTopics(
    ClientContext context,
    ProducerOptions options,
    QueueSettings settings,
    CancellationToken closing)
{
    private readonly ConcurrentDictionary<string, Task<ProducerTopic>> _byName = new(StringComparer.Ordinal);

    // Also those that were deleted: what is in flight of them is still to be answered.
    private readonly ConcurrentDictionary<ProducerTopic, bool> _all = new();

    public IEnumerable<PartitionQueue> Queues
    {
        get
        {
            foreach ((ProducerTopic topic, _) in _all)
            {
                foreach (PartitionQueue queue in topic.Queues)
                {
                    yield return queue;
                }
            }
        }
    }

    /// <summary>The topic, when it is known already.</summary>
    /// <exception cref="BrokerException">It could not be looked up; the next call tries again.</exception>
    public ProducerTopic? Find(string name)
    {
        Task<ProducerTopic> loading = LoadAsync(name);
        if (loading.IsCompletedSuccessfully)
        {
            return loading.Result;
        }

        return loading.IsCompleted ? loading.GetAwaiter().GetResult() : null;
    }

    public Task<ProducerTopic> LoadAsync(string name) => TryGet(name) ?? BeginLoading(name);

    /// <summary>Completes when no topic is being looked up.</summary>
    /// <exception cref="BrokerException">One of them could not be.</exception>
    public Task WhenLoadedAsync(CancellationToken cancellationToken)
    {
        Task<ProducerTopic>[] loading = [.. _byName.Values.Where(task => !task.IsCompletedSuccessfully)];
        return loading.Length == 0 ? Task.CompletedTask : Task.WhenAll(loading).WaitAsync(cancellationToken);
    }

    /// <summary>Learns of partitions that were added to one topic, and of those that take no records, or take them again.</summary>
    public async Task CheckPartitionsAsync(ProducerTopic topic, CancellationToken cancellationToken)
    {
        TopicMetadata metadata = await context.Topics
            .RefreshAsync(topic.Name, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);

        // Another id shows with the next batch, which is refused, and then there is more to do than this.
        TopicMetadata known = topic.Metadata;
        bool isNews = metadata.PartitionCount > known.PartitionCount || !metadata.OpenPartitions.SequenceEqual(known.OpenPartitions);
        if (metadata.Id == known.Id && isNews)
        {
            topic.Update(metadata);
        }
    }

    /// <summary>Looks at the partitions of every topic, and forgets the deleted ones.</summary>
    public async Task CheckAllAsync()
    {
        foreach ((ProducerTopic topic, _) in _all)
        {
            bool isInUse = TryGet(topic.Name) is { IsCompletedSuccessfully: true } loaded && loaded.Result == topic;
            if (!isInUse && topic.Queues.All(queue => queue.IsEmpty))
            {
                _all.TryRemove(topic, out _);
                continue;
            }

            try
            {
                await CheckPartitionsAsync(topic, closing).ConfigureAwait(false);
            }
            catch (Exception e) when (e is BrokerException or OperationCanceledException)
            {
                // The next check tries again; sending finds out by itself what is wrong.
            }
        }
    }

    /// <summary>Finds out what became of a topic that the broker does not know any more.</summary>
    public async Task RefreshAsync(ProducerTopic topic, List<BatchOutcome> outcomes)
    {
        try
        {
            TopicMetadata old = topic.Metadata;
            TopicMetadata metadata = await context.Topics
                .RefreshAsync(topic.Name, options.DeliveryTimeout, closing).ConfigureAwait(false);
            if (metadata.Id != old.Id)
            {
                Log.TopicRecreated(context.Logger, topic.Name);
            }

            topic.Update(metadata);
            Volatile.Write(ref topic.Refreshes, 0);
            foreach (PartitionQueue queue in topic.Queues)
            {
                Retarget(queue, metadata, outcomes);
            }
        }
        catch (BrokerException e)
        {
            // The next record with this name looks it up anew.
            _byName.TryRemove(topic.Name, out _);
            foreach (PartitionQueue queue in topic.Queues)
            {
                queue.Close(isDefinite => ErrorMapper.WithDefinite(e, isDefinite), outcomes);
            }
        }
        catch (OperationCanceledException)
        {
            // Closing.
        }
    }

    private static void Retarget(PartitionQueue queue, TopicMetadata metadata, List<BatchOutcome> outcomes)
    {
        if (queue.Partition < metadata.PartitionCount)
        {
            queue.Retarget(metadata, outcomes);
        }
        else
        {
            queue.Close(
                isDefinite => Failures.PartitionGone(metadata.Name, queue.Partition, metadata.PartitionCount, isDefinite),
                outcomes);
        }
    }

    private Task<ProducerTopic>? TryGet(string name)
    {
        return _byName.TryGetValue(name, out Task<ProducerTopic>? loading) && !loading.IsFaulted && !loading.IsCanceled
            ? loading
            : null;
    }

    private Task<ProducerTopic> BeginLoading(string name)
    {
        lock (_byName)
        {
            Task<ProducerTopic>? loading = TryGet(name);
            if (loading is null)
            {
                loading = LookUpAsync(name);
                _byName[name] = loading;
            }

            return loading;
        }
    }

    private async Task<ProducerTopic> LookUpAsync(string name)
    {
        TopicMetadata metadata = await context.Topics.GetAsync(name, options.DeliveryTimeout, closing).ConfigureAwait(false);
        var topic = new ProducerTopic(metadata, options.Partitioner, settings, context.NewRandom());
        _all[topic] = true;
        return topic;
    }
}
