using System.Runtime.CompilerServices;
using Broker.Client.Consuming;
using Broker.Client.Transport;
using Broker.Records;

namespace Broker.Client;

/// <summary>
/// Reads partitions in order, each record once, also across lost connections. Reading ends when it was to stop at the
/// end, when it is cancelled, or with an error; it never just falls silent.
/// </summary>
/// <remarks>
/// One enumeration at a time; another one goes on where the last ended. Partitions are read side by side, so there is
/// order within each and none between them.
/// </remarks>
public sealed class Consumer : IAsyncDisposable
{
    private readonly ClientContext _context;
    private readonly ConsumerOptions _options;
    private readonly CancellationTokenSource _closing = new();
    private List<PartitionCursor>? _cursors;
    private int _isReading;

    internal Consumer(ClientContext context, ConsumerOptions options)
    {
        options.Validate();
        _context = context;
        _options = options;
    }

    /// <summary>Record by record; each may be kept.</summary>
    /// <exception cref="BrokerException">Why no more can be read: see ErrorReasons.</exception>
    public async IAsyncEnumerable<ConsumedRecord> ReadAllAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var cancelling = BeginReading(cancellationToken);
        try
        {
            using BatchSource source = await OpenAsync(cancelling.Token).ConfigureAwait(false);
            var copier = new RecordCopier();
            var records = new List<ConsumedRecord>();
            while (await MoveNextAsync(source, cancelling.Token, cancellationToken).ConfigureAwait(false))
            {
                CopyAll(source.Current, copier, records);
                PartitionCursor cursor = source.CurrentCursor;
                try
                {
                    for (int i = 0; i < records.Count; i++)
                    {
                        // Should the caller stop here, the next enumeration begins behind this record.
                        cursor.NextOffset = records[i].Offset + 1;
                        yield return records[i];
                        cancellationToken.ThrowIfCancellationRequested();
                    }
                }
                finally
                {
                    records.Clear();
                }
            }
        }
        finally
        {
            EndReading();
        }
    }

    /// <summary>Batch by batch, in place: allocates nothing per record. A batch is valid until the next is asked for.</summary>
    /// <exception cref="BrokerException">Why no more can be read: see ErrorReasons.</exception>
    public async IAsyncEnumerable<ConsumedBatch> ReadBatchesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var cancelling = BeginReading(cancellationToken);
        try
        {
            using BatchSource source = await OpenAsync(cancelling.Token).ConfigureAwait(false);
            while (await MoveNextAsync(source, cancelling.Token, cancellationToken).ConfigureAwait(false))
            {
                yield return source.Current;
            }
        }
        finally
        {
            EndReading();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync().ConfigureAwait(false);
    }

    private CancellationTokenSource BeginReading(CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_closing.IsCancellationRequested, this);
        if (Interlocked.Exchange(ref _isReading, 1) == 1)
        {
            throw new InvalidOperationException("This consumer is being read already; one enumeration at a time.");
        }

        return CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _closing.Token);
    }

    private void EndReading() => Volatile.Write(ref _isReading, 0);

    private async ValueTask<bool> MoveNextAsync(BatchSource source, CancellationToken either, CancellationToken callers)
    {
        try
        {
            return await source.MoveNextAsync(either).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!callers.IsCancellationRequested && _closing.IsCancellationRequested)
        {
            throw new ObjectDisposedException(nameof(Consumer), "The consumer was disposed while it was read.");
        }
        catch (OperationCanceledException) when (callers.IsCancellationRequested)
        {
            throw new OperationCanceledException(callers);
        }
    }

    private async Task<BatchSource> OpenAsync(CancellationToken cancellationToken)
    {
        if (_cursors is null)
        {
            var cursors = new List<PartitionCursor>();
            foreach (string name in _options.AllTopics)
            {
                TopicMetadata topic = await _context.Topics
                    .RefreshAsync(name, _options.ReconnectTimeout, cancellationToken).ConfigureAwait(false);
                cursors.AddRange(CursorsOf(topic));
            }

            _cursors = cursors;
        }

        return new BatchSource(_context, _options, _cursors);
    }

    private IEnumerable<PartitionCursor> CursorsOf(TopicMetadata topic)
    {
        foreach (int partition in _options.Partitions?.Distinct() ?? Enumerable.Range(0, topic.PartitionCount))
        {
            if (partition >= topic.PartitionCount)
            {
                throw ReadFailures.UnknownPartition(topic.Name, partition, topic.PartitionCount);
            }

            TopicPartitionOffset? given = _options.Offsets.Cast<TopicPartitionOffset?>()
                .LastOrDefault(offset => offset!.Value.Topic == topic.Name && offset.Value.Partition == partition);
            yield return new PartitionCursor(topic, partition, given is { } offset ? StartAt.Offset(offset.Offset) : _options.From);
        }
    }

    private static void CopyAll(ConsumedBatch batch, RecordCopier copier, List<ConsumedRecord> records)
    {
        foreach (RecordView record in batch.Records())
        {
            records.Add(copier.Copy(batch, record));
        }
    }
}
