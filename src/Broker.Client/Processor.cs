using Broker.Client.Consuming;
using Broker.Client.Diagnostics;
using Broker.Client.Processing;
using Broker.Client.Transport;
using Broker.Records;

namespace Broker.Client;

/// <summary>
/// Reads records, hands them to a handler, sends what that makes of them, and remembers how far it has come: all of it as often as its
/// <see cref="DeliveryMode"/> says.
/// </summary>
/// <remarks>Runs once; of the same group and partitions one instance at a time.</remarks>
public sealed class Processor : IAsyncDisposable
{
    private readonly ClientContext _context;
    private readonly GroupClient _groups;
    private readonly ProcessorOptions _options;
    private readonly Delivery _delivery;
    private int _isRunning;

    internal Processor(ClientContext context, GroupClient groups, ProcessorOptions options)
    {
        options.Validate();
        _context = context;
        _groups = groups;
        _options = options;
        _delivery = options.Delivery switch
        {
            DeliveryMode.ExactlyOnce => new ExactlyOnceDelivery(context, options),
            DeliveryMode.AtLeastOnce => new AtLeastOnceDelivery(context, groups, options),
            _ => new AtMostOnceDelivery(context, groups, options),
        };
    }

    /// <summary>Runs until it is cancelled, or has come to the end where it is to stop; the handler gets record after record.</summary>
    /// <param name="handler">What it throws ends the run; what it has sent for records that are not committed is taken back, if the mode can.</param>
    /// <exception cref="FatalException">Another instance of the same name was started.</exception>
    /// <exception cref="BrokerException">Why no more can be read or sent.</exception>
    public Task RunAsync(Func<ConsumedRecord, ProcessorOutput, CancellationToken, ValueTask> handler, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        var copier = new RecordCopier();
        var records = new List<ConsumedRecord>();
        return RunBatchesAsync(
            async (batch, output, cancellation) =>
            {
                CopyAll(batch, copier, records);
                foreach (ConsumedRecord record in records)
                {
                    await handler(record, output, cancellation).ConfigureAwait(false);
                }
            },
            cancellationToken);
    }

    /// <summary>The same batch by batch, in place: allocates nothing per record. A batch is valid during the call.</summary>
    /// <inheritdoc cref="RunAsync"/>
    public async Task RunBatchesAsync(
        Func<ConsumedBatch, ProcessorOutput, CancellationToken, ValueTask> handler, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(handler);
        if (Interlocked.Exchange(ref _isRunning, 1) == 1)
        {
            throw new InvalidOperationException("The processor runs, or has run; make another one.");
        }

        for (int attempt = 0; ; attempt++)
        {
            // Whoever ran before under this name commits no more, so that the offsets are what they are.
            await _delivery.TakeOverAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await RunOnceAsync(handler, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (AbortTransactionException e)
            {
                Log.ProcessorGoesBack(_context.Logger, _options.Group, e.Message);
                await Task.Delay(_context.Backoff.Wait(attempt), _context.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public ValueTask DisposeAsync() => _delivery.DisposeAsync();

    private static void CopyAll(ConsumedBatch batch, RecordCopier copier, List<ConsumedRecord> records)
    {
        records.Clear();
        foreach (RecordView record in batch.Records())
        {
            records.Add(copier.Copy(batch, record));
        }
    }

    /// <summary>From the committed offsets on.</summary>
    private async Task RunOnceAsync(Func<ConsumedBatch, ProcessorOutput, CancellationToken, ValueTask> handler, CancellationToken cancellationToken)
    {
        await using Consumer consumer = await OpenAsync(cancellationToken).ConfigureAwait(false);
        var output = new ProcessorOutput(_delivery);
        var round = new ProcessorRound(_options, _context.Time);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        IAsyncEnumerator<ConsumedBatch> batches = consumer.ReadBatchesAsync(reading.Token).GetAsyncEnumerator(CancellationToken.None);
        await using (batches.ConfigureAwait(false))
        {
            try
            {
                while (true)
                {
                    ValueTask<bool> next = batches.MoveNextAsync();
                    if (round.IsFull || (round.HasOffsets && !next.IsCompleted))
                    {
                        try
                        {
                            await _delivery.CompleteAsync(round.TakeOffsets(), cancellationToken).ConfigureAwait(false);
                        }
                        catch
                        {
                            await AbandonAsync(reading, next).ConfigureAwait(false);
                            throw;
                        }
                    }

                    if (!await next.ConfigureAwait(false))
                    {
                        break;
                    }

                    round.Add(batches.Current);
                    await _delivery.BeginAsync(batches.Current, cancellationToken).ConfigureAwait(false);
                    await handler(batches.Current, output, cancellationToken).ConfigureAwait(false);
                }

                if (round.HasOffsets)
                {
                    await _delivery.CompleteAsync(round.TakeOffsets(), cancellationToken).ConfigureAwait(false);
                }
            }
            catch
            {
                await _delivery.GiveUpAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <summary>Ends a read that nobody waits for any more: an enumerator that is still at it cannot be disposed.</summary>
    private static async Task AbandonAsync(CancellationTokenSource reading, ValueTask<bool> next)
    {
        await reading.CancelAsync().ConfigureAwait(false);
        try
        {
            await next.ConfigureAwait(false);
        }
        catch (Exception e) when (e is BrokerException or OperationCanceledException)
        {
            // Why the run ends is known.
        }
    }

    private async Task<Consumer> OpenAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<CommittedOffset> committed = await _groups.FetchOffsetsAsync(_options.Group, cancellationToken).ConfigureAwait(false);
        var options = new ConsumerOptions
        {
            Topic = _options.Topic,
            Topics = _options.Topics,
            Partitions = _options.Partitions,
            From = _options.From,
            Offsets = [.. committed.Select(offset => new TopicPartitionOffset(offset.Topic, offset.Partition, offset.Offset))],
            StopAtEnd = _options.StopAtEnd,
            CreditBytes = _options.CreditBytes,
        };
        return new Consumer(_context, options);
    }
}
