using System.Collections.Concurrent;
using Broker.Client.Diagnostics;
using Broker.Client.Transport;

namespace Broker.Client.Producing;

/// <summary>The inside of a producer: its topics, its connections, and the errands that queues ask for.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ProducerHub : IAsyncDisposable
{
    // What a message adds to its one batch: a batch of 128 KiB and its message fit a buffer of 128 KiB together.
    private const int MessageOverheadBytes = 64;

    // Soon enough for records without key; those with a key change their partition then, as in Kafka.
    private static readonly TimeSpan PartitionCheckInterval = TimeSpan.FromSeconds(60);

    private readonly ClientContext _context;
    private readonly ProducerOptions _options;
    private readonly QueueSettings _settings;
    private readonly ConcurrentDictionary<string, Task<ProducerTopic>> _topics = new(StringComparer.Ordinal);
    private readonly ProduceConnection[] _connections;
    private readonly CancellationTokenSource _closing = new();
    private readonly ITimer _partitionCheck;
    private FatalException? _fatal;
    private int _flushes;

    public ProducerHub(ClientContext context, ProducerOptions options)
    {
        _context = context;
        _options = options;
        Memory = new MemoryBudget(options.BufferMemoryBytes);
        Deliveries = new Deliveries(context, options, Memory);
        Identities = new IdentityProvider(context);
        var clock = new ProducerClock(context.Time);
        _settings = new QueueSettings(
            options.BatchSizeBytes - MessageOverheadBytes,
            options.Compression,
            options.MaxInFlightBatches,
            options.LingerMs,
            context.Backoff,
            Memory,
            clock);
        Clock = clock;
        _connections = new ProduceConnection[options.Connections];
        for (int i = 0; i < _connections.Length; i++)
        {
            _connections[i] = new ProduceConnection(context, options, this);
        }

        _partitionCheck = context.Time.CreateTimer(
            static hub => _ = ((ProducerHub)hub!).CheckPartitionsAsync(), this, PartitionCheckInterval, PartitionCheckInterval);
    }

    public MemoryBudget Memory { get; }

    public Deliveries Deliveries { get; }

    public IdentityProvider Identities { get; }

    public SendLine Line { get; } = new();

    public ProducerClock Clock { get; }

    /// <summary>Somebody waits for what is gathering: it goes now.</summary>
    public bool IsUrgent => Volatile.Read(ref _flushes) > 0 || Memory.IsTight;

    public bool HasOutstanding => Memory.UsedBytes > 0;

    /// <summary>The topic, when it is known already.</summary>
    /// <exception cref="BrokerException">It could not be looked up; the next call tries again.</exception>
    public ProducerTopic? FindTopic(string name)
    {
        Task<ProducerTopic> loading = LoadTopic(name);
        if (loading.IsCompletedSuccessfully)
        {
            return loading.Result;
        }

        return loading.IsCompleted ? loading.GetAwaiter().GetResult() : null;
    }

    public Task<ProducerTopic> LoadTopic(string name)
    {
        ThrowIfUnusable();
        return _topics.TryGetValue(name, out Task<ProducerTopic>? loading) && !loading.IsFaulted && !loading.IsCanceled
            ? loading
            : BeginLoading(name);
    }

    /// <summary>Completes when no topic is being looked up.</summary>
    /// <exception cref="BrokerException">One of them could not be.</exception>
    public Task WhenTopicsLoadedAsync(CancellationToken cancellationToken)
    {
        Task<ProducerTopic>[] loading = [.. _topics.Values.Where(task => !task.IsCompletedSuccessfully)];
        return loading.Length == 0 ? Task.CompletedTask : Task.WhenAll(loading).WaitAsync(cancellationToken);
    }

    public void Wake(PartitionQueue queue, AppendResult result)
    {
        if (result != AppendResult.Joined)
        {
            QueueMarks mark = result == AppendResult.Began ? QueueMarks.Unfinished : QueueMarks.Full;
            ConnectionOf(queue).Wake(queue, mark);
        }
    }

    public IEnumerable<PartitionQueue> QueuesOf(ProduceConnection connection)
    {
        return AllQueues().Where(queue => ConnectionOf(queue) == connection);
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _flushes);
        try
        {
            await Line.WhenGoneAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            var completions = new List<Task>();
            foreach (PartitionQueue queue in AllQueues())
            {
                queue.CollectCompletions(completions);
            }

            foreach (ProduceConnection connection in _connections)
            {
                connection.Wake();
            }

            await Task.WhenAll(completions).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _flushes);
        }
    }

    /// <summary>Does what a queue needs done.</summary>
    public void React(PartitionQueue queue, Reaction reaction)
    {
        if (reaction == Reaction.None)
        {
            return;
        }

        if ((reaction & Reaction.Send) != 0 && queue.HasUnsent)
        {
            ConnectionOf(queue).Wake(queue, QueueMarks.Full);
        }

        if ((reaction & Reaction.FailProducer) != 0)
        {
            Fence(queue);
        }

        if ((reaction & Reaction.RefreshTopic) != 0 && Interlocked.Exchange(ref queue.Topic.Refreshes, 1) == 0)
        {
            _ = RefreshTopicAsync(queue.Topic);
        }

        if ((reaction & Reaction.ReplaceIdentity) != 0 && Interlocked.Exchange(ref queue.IdentityReplacements, 1) == 0)
        {
            _ = ReplaceIdentityAsync(queue);
        }
    }

    public void ThrowIfUnusable()
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, typeof(Producer));
        if (Volatile.Read(ref _fatal) is { } fatal)
        {
            throw new FatalException(fatal.Reason, fatal.Message, isDefinite: true, fatal.Metadata, fatal);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
        await _partitionCheck.DisposeAsync().ConfigureAwait(false);
        foreach (ProduceConnection connection in _connections)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
        }

        CloseQueues(isDefinite => Failures.Closed(last: null, isDefinite));
        foreach (PartitionQueue queue in AllQueues())
        {
            queue.Dispose();
        }

        Identities.Dispose();
    }

    private IEnumerable<PartitionQueue> AllQueues()
    {
        foreach (Task<ProducerTopic> topic in _topics.Values)
        {
            if (topic.IsCompletedSuccessfully)
            {
                foreach (PartitionQueue queue in topic.Result.Queues)
                {
                    yield return queue;
                }
            }
        }
    }

    private ProduceConnection ConnectionOf(PartitionQueue queue) => _connections[queue.Partition % _connections.Length];

    private Task<ProducerTopic> BeginLoading(string name)
    {
        lock (_topics)
        {
            if (_topics.TryGetValue(name, out Task<ProducerTopic>? loading) && !loading.IsFaulted && !loading.IsCanceled)
            {
                return loading;
            }

            loading = LoadAsync(name);
            _topics[name] = loading;
            return loading;
        }
    }

    private async Task<ProducerTopic> LoadAsync(string name)
    {
        TopicMetadata metadata = await _context.Topics.GetAsync(name, _options.DeliveryTimeout, _closing.Token)
            .ConfigureAwait(false);
        return new ProducerTopic(metadata, _options.Partitioner, _settings, _context.NewRandom());
    }

    /// <summary>Learns of partitions that were added to one topic.</summary>
    public async Task CheckPartitionsAsync(ProducerTopic topic, CancellationToken cancellationToken)
    {
        TopicMetadata metadata = await _context.Topics
            .RefreshAsync(topic.Name, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);

        // Another id shows with the next batch, which is refused, and then there is more to do than this.
        if (metadata.Id == topic.Metadata.Id && metadata.PartitionCount > topic.Metadata.PartitionCount)
        {
            topic.Update(metadata);
        }
    }

    private async Task CheckPartitionsAsync()
    {
        foreach (Task<ProducerTopic> loading in _topics.Values.Where(task => task.IsCompletedSuccessfully))
        {
            try
            {
                await CheckPartitionsAsync(loading.Result, _closing.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is BrokerException or OperationCanceledException)
            {
                // The next check tries again; sending finds out by itself what is wrong.
            }
        }
    }

    /// <summary>Finds out what became of a topic that the broker does not know any more.</summary>
    private async Task RefreshTopicAsync(ProducerTopic topic)
    {
        // The caller holds no lock, but it is the loop that reads acknowledgements.
        await Task.Yield();
        var outcomes = new List<BatchOutcome>();
        try
        {
            TopicMetadata old = topic.Metadata;
            TopicMetadata metadata = await _context.Topics
                .RefreshAsync(topic.Name, _options.DeliveryTimeout, _closing.Token).ConfigureAwait(false);
            if (metadata.Id != old.Id)
            {
                Log.TopicRecreated(_context.Logger, topic.Name);
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
            _topics.TryRemove(topic.Name, out _);
            foreach (PartitionQueue queue in topic.Queues)
            {
                queue.Close(isDefinite => ErrorMapper.WithDefinite(e, isDefinite), outcomes);
            }
        }
        catch (OperationCanceledException)
        {
            // Closing.
        }

        Deliveries.Complete(outcomes);
    }

    private void Retarget(PartitionQueue queue, TopicMetadata metadata, List<BatchOutcome> outcomes)
    {
        if (queue.Partition >= metadata.PartitionCount)
        {
            queue.Close(
                isDefinite => Failures.PartitionGone(metadata.Name, queue.Partition, metadata.PartitionCount, isDefinite),
                outcomes);
            return;
        }

        queue.Retarget(metadata, outcomes);
        React(queue, Reaction.Send);
    }

    private async Task ReplaceIdentityAsync(PartitionQueue queue)
    {
        await Task.Yield();
        for (int attempt = 0; !_closing.IsCancellationRequested; attempt++)
        {
            try
            {
                ProducerIdentity identity =
                    await Identities.GetAsync(queue.Identity, _closing.Token).ConfigureAwait(false);
                var outcomes = new List<BatchOutcome>();
                Log.ProducerReplaced(
                    _context.Logger, queue.Topic.Name, queue.Partition, queue.LastRefusal?.Reason ?? "records in doubt expired");
                Volatile.Write(ref queue.IdentityReplacements, 0);
                queue.Rebase(identity, outcomes);
                Deliveries.Complete(outcomes);
                React(queue, Reaction.Send);
                return;
            }
            catch (BrokerException)
            {
                // Time-outs end the batches meanwhile; the broker is asked until it answers.
            }
            catch (OperationCanceledException)
            {
                return;
            }

            try
            {
                await Task.Delay(_context.Backoff.Wait(attempt), _context.Time, _closing.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    private void Fence(PartitionQueue queue)
    {
        if (queue.LastRefusal is FatalException fatal && Interlocked.CompareExchange(ref _fatal, fatal, null) is null)
        {
            CloseQueues(isDefinite => ErrorMapper.WithDefinite(fatal, isDefinite));
        }
    }

    private void CloseQueues(Func<bool, BrokerException> error)
    {
        var outcomes = new List<BatchOutcome>();
        foreach (PartitionQueue queue in AllQueues())
        {
            queue.Close(error, outcomes);
        }

        Deliveries.Complete(outcomes);
    }
}
