using Broker.Client.Diagnostics;
using Broker.Client.Transport;
using Broker.Protocol.V1;
using Google.Protobuf.Collections;

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
    private readonly ProduceConnection[] _connections;
    private readonly CancellationTokenSource _closing = new();
    private readonly ITimer _partitionCheck;
    private FatalException? _fatal;
    private int _flushes;
    private ProducerIdentity? _transaction;
    private StreamCommit? _commit;

    public ProducerHub(ClientContext context, ProducerOptions options)
    {
        _context = context;
        Clock = new ProducerClock(context.Time);
        Memory = new MemoryBudget(options.BufferMemoryBytes);
        Deliveries = new Deliveries(context, options, Memory);
        Identities = new IdentityProvider(context, options.Name);
        var settings = new QueueSettings(
            options.BatchSizeBytes - MessageOverheadBytes,
            options.Compression,
            options.MaxInFlightBatches,
            options.LingerMs,
            context.Backoff,
            Memory,
            Clock);
        Topics = new ProducerTopics(context, options, settings, _closing.Token);
        _connections = new ProduceConnection[options.Connections];
        for (int i = 0; i < _connections.Length; i++)
        {
            _connections[i] = new ProduceConnection(context, options, this);
        }

        _partitionCheck = context.Time.CreateTimer(
            _ => RunErrand(Topics.CheckAllAsync), null, PartitionCheckInterval, PartitionCheckInterval);
    }

    public ProducerClock Clock { get; }

    public MemoryBudget Memory { get; }

    public Deliveries Deliveries { get; }

    public IdentityProvider Identities { get; }

    public ProducerTopics Topics { get; }

    public SendLine Line { get; } = new();

    /// <summary>Under which batches go now; only after the identity was given.</summary>
    public ProducerIdentity Identity => Volatile.Read(ref _transaction) ?? Identities.Current!;

    /// <summary>Somebody waits for what is gathering: it goes now.</summary>
    public bool IsUrgent => Volatile.Read(ref _flushes) > 0 || Memory.IsTight;

    public bool HasOutstanding => Memory.UsedBytes > 0;

    /// <summary>A commit waits for the batches before it to go.</summary>
    public bool HasCommit => Volatile.Read(ref _commit) is not null;

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
        return Topics.Queues.Where(queue => ConnectionOf(queue) == connection);
    }

    public async Task FlushAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _flushes);
        try
        {
            await Line.WhenGoneAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            var completions = new List<Task>();
            foreach (PartitionQueue queue in Topics.Queues)
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

    /// <summary>From here on records belong to a transaction; nothing may be left of the one before.</summary>
    public void BeginTransaction(ProducerIdentity identity)
    {
        Volatile.Write(ref _transaction, identity);
        foreach (PartitionQueue queue in Topics.Queues)
        {
            queue.Restart(identity);
        }
    }

    /// <summary>Whether the transaction has any record.</summary>
    public bool HasSent => Topics.Queues.Any(queue => queue.HasTaken);

    /// <summary>Says what was sent in the transaction.</summary>
    /// <returns>False while a part of it has not gone to the broker, or when a part of it never will.</returns>
    public bool TryGetManifest(RepeatedField<ManifestPartition> manifest)
    {
        foreach (PartitionQueue queue in Topics.Queues)
        {
            if (!queue.TryGetManifest(out ManifestPartition? partition))
            {
                manifest.Clear();
                return false;
            }

            if (partition is not null)
            {
                manifest.Add(partition);
            }
        }

        return true;
    }

    /// <summary>Commits the transaction right behind its last batches, without waiting for their acknowledgement.</summary>
    /// <param name="request">Without manifest.</param>
    /// <returns>Null when it did not go that way or was not answered: whether it was committed is to be found out otherwise.</returns>
    public async Task<CommitResult?> CommitAsync(CommitTransactionRequest request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        if (_connections.Length > 1)
        {
            // One of them does not know of the batches on the other.
            return null;
        }

        await Line.WhenGoneAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        var commit = new StreamCommit(request);
        Interlocked.Increment(ref _flushes);
        try
        {
            Volatile.Write(ref _commit, commit);
            _connections[0].Wake();
            return await commit.Answer.WaitAsync(timeout, _context.Time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return null;
        }
        finally
        {
            DropCommit();
            Interlocked.Decrement(ref _flushes);
        }
    }

    /// <summary>The commit that waits, when all that belongs before it has gone; it is on its way from here on.</summary>
    public StreamCommit? TakeCommit()
    {
        return Volatile.Read(ref _commit) is { } commit && TryGetManifest(commit.Request.Manifest)
            ? Interlocked.Exchange(ref _commit, null)
            : null;
    }

    /// <summary>The commit that waits does not go over the stream.</summary>
    public void DropCommit() => Interlocked.Exchange(ref _commit, null)?.Complete(answer: null);

    /// <summary>Gives the transaction up: nothing of it is sent any more, or sent again.</summary>
    public void AbandonTransaction(BrokerException error)
    {
        DropCommit();
        var outcomes = new List<BatchOutcome>();
        foreach (PartitionQueue queue in Topics.Queues)
        {
            queue.Abandon(isDefinite => ErrorMapper.WithDefinite(error, isDefinite), outcomes);
        }

        Deliveries.Complete(outcomes);
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

        if ((reaction & Reaction.FailProducer) != 0 && queue.LastRefusal is FatalException fatal)
        {
            Fence(fatal);
        }

        if ((reaction & Reaction.RefreshTopic) != 0 && Interlocked.Exchange(ref queue.Topic.Refreshes, 1) == 0)
        {
            RunErrand(() => RefreshTopicAsync(queue.Topic));
        }

        if ((reaction & Reaction.ReplaceIdentity) != 0 && Interlocked.Exchange(ref queue.IdentityReplacements, 1) == 0)
        {
            RunErrand(() => ReplaceIdentityAsync(queue));
        }
    }

    /// <summary>Logs what the broker takes; before the records' senders, who may then end the process.</summary>
    public void Tell(PartitionQueue queue, Reaction reaction)
    {
        if ((reaction & Reaction.TellRefused) != 0 && queue.LastRefusal is { } refusal)
        {
            Log.RefusedForNow(_context.Logger, queue.Topic.Name, queue.Partition, refusal.Reason, refusal.Message);
        }

        if ((reaction & Reaction.TellTaken) != 0)
        {
            Log.TakenAgain(_context.Logger, queue.Topic.Name, queue.Partition);
        }
    }

    /// <summary>A fault that nobody foresaw: everything fails now instead of waiting for ever.</summary>
    public void Fail(Exception fault)
    {
        Log.ProducerFailed(_context.Logger, fault);
        var fatal = new FatalException(
            ErrorReasons.ClientFailed,
            $"The producer stopped on a fault: {fault.Message}",
            isDefinite: false,
            innerException: fault);
        Interlocked.CompareExchange(ref _fatal, fatal, null);
        CloseQueues(isDefinite => ErrorMapper.WithDefinite(fatal, isDefinite));
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
        foreach (PartitionQueue queue in Topics.Queues)
        {
            queue.Dispose();
        }

        Identities.Dispose();
    }

    private ProduceConnection ConnectionOf(PartitionQueue queue) => _connections[queue.Partition % _connections.Length];

    private async Task RefreshTopicAsync(ProducerTopic topic)
    {
        // The caller is the loop that reads acknowledgements.
        await Task.Yield();
        var outcomes = new List<BatchOutcome>();
        await Topics.RefreshAsync(topic, outcomes).ConfigureAwait(false);
        Deliveries.Complete(outcomes);
        foreach (PartitionQueue queue in topic.Queues)
        {
            React(queue, Reaction.Send);
        }
    }

    private async Task ReplaceIdentityAsync(PartitionQueue queue)
    {
        await Task.Yield();
        for (int attempt = 0; !_closing.IsCancellationRequested; attempt++)
        {
            try
            {
                ProducerIdentity identity = await Identities.GetAsync(queue.Identity, _closing.Token).ConfigureAwait(false);
                Rebase(queue, identity);
                return;
            }
            catch (FatalException fenced)
            {
                Fence(fenced);
                return;
            }
            catch (BrokerException)
            {
                // Time-outs end the batches meanwhile; the broker is asked until it answers.
                await Task.Delay(_context.Backoff.Wait(attempt), _context.Time, _closing.Token).ConfigureAwait(false);
            }
        }
    }

    private void Rebase(PartitionQueue queue, ProducerIdentity identity)
    {
        string reason = queue.LastRefusal?.Reason ?? ErrorReasons.RequestTimedOut;
        Log.ProducerReplaced(_context.Logger, queue.Topic.Name, queue.Partition, reason);
        var outcomes = new List<BatchOutcome>();

        // Before the change: should the new id be refused at once, somebody must be free to replace it.
        Volatile.Write(ref queue.IdentityReplacements, 0);
        queue.Rebase(identity, outcomes);
        Deliveries.Complete(outcomes);
        React(queue, Reaction.Send);
    }

    private async void RunErrand(Func<Task> errand)
    {
        try
        {
            await errand().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // Closing: nobody needs it any more.
        }
#pragma warning disable CA1031 // Nobody awaits an errand: what it throws must end in front of the callers.
        catch (Exception e)
#pragma warning restore CA1031
        {
            Fail(e);
        }
    }

    private void Fence(FatalException fatal)
    {
        if (Interlocked.CompareExchange(ref _fatal, fatal, null) is null)
        {
            CloseQueues(isDefinite => ErrorMapper.WithDefinite(fatal, isDefinite));
        }
    }

    private void CloseQueues(Func<bool, BrokerException> error)
    {
        var outcomes = new List<BatchOutcome>();
        foreach (PartitionQueue queue in Topics.Queues)
        {
            queue.Close(error, outcomes);
        }

        Deliveries.Complete(outcomes);
    }
}
