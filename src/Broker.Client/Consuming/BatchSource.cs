using System.Diagnostics;
using Broker.Client.Diagnostics;
using Broker.Client.Transport;
using Broker.Protocol;
using Broker.Records;
using Grpc.Core;

namespace Broker.Client.Consuming;

/// <summary>
/// Batch after batch from a set of partitions, through as many streams as it takes: after a lost connection it goes on at
/// the next offset.
/// </summary>
/// <remarks>One caller at a time.</remarks>
internal sealed class BatchSource : IDisposable
{
    private readonly ClientContext _context;
    private readonly ConsumerOptions _options;
    private readonly List<PartitionCursor> _cursors;
    private readonly PartitionWatch _watch;
    private readonly DecompressionBuffer _scratch = new();
    private FetchStream? _stream;
    private FetchFrame? _frame;
    private PartitionCursor? _frameCursor;
    private int _framePosition;
    private Activity? _activity;
    private int _failedAttempts;
    private long _lostAt;

    public BatchSource(ClientContext context, ConsumerOptions options, List<PartitionCursor> cursors)
    {
        _context = context;
        _options = options;
        _cursors = cursors;
        _watch = new PartitionWatch(context, options, cursors);
        Current = new ConsumedBatch(_scratch);
    }

    /// <summary>What <see cref="MoveNextAsync"/> found; set anew by the next call.</summary>
    public ConsumedBatch Current { get; }

    /// <summary>The cursor of the current batch; it already stands behind that batch.</summary>
    public PartitionCursor CurrentCursor => _frameCursor!;

    /// <returns>False when every partition was read up to where it was to stop.</returns>
    /// <exception cref="BrokerException">Why no more can be read.</exception>
    public async ValueTask<bool> MoveNextAsync(CancellationToken cancellationToken)
    {
        _activity?.Dispose();
        _activity = null;
        while (!TryNextBatch())
        {
            try
            {
                await LeaveFrameAsync().ConfigureAwait(false);
                if (_cursors.TrueForAll(cursor => cursor.IsDone))
                {
                    return false;
                }

                await StartAsync(cancellationToken).ConfigureAwait(false);
                FetchFrame? frame = await _stream!.NextAsync().ConfigureAwait(false);
                if (frame is null)
                {
                    await ReconnectAsync(cause: null, cancellationToken).ConfigureAwait(false);
                    continue;
                }

                await EnterFrameAsync(frame).ConfigureAwait(false);
            }
            catch (Exception e) when (e is RpcException or RetriableException or IOException or HttpRequestException
                or InvalidOperationException or OperationCanceledException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                await ReconnectAsync(e, cancellationToken).ConfigureAwait(false);
            }
        }

        _activity = _context.Telemetry.StartReceive(Current.Topic, Current.Partition, Current.RecordCount);
        _context.Telemetry.Consumed(Current.Topic, Current.RecordCount);
        return true;
    }

    public void Dispose()
    {
        _activity?.Dispose();
        _frame?.Release();
        _frame = null;
        _stream?.Dispose();
        _stream = null;
        _scratch.Dispose();
    }

    private async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<PartitionCursor> added = _watch.TakeNew(cancellationToken);
        if (_stream is null)
        {
            _stream = new FetchStream(_context, _options, cancellationToken);
            await _stream.StartAsync(_cursors.Where(cursor => !cursor.IsDone)).ConfigureAwait(false);
        }
        else if (added.Count > 0)
        {
            await _stream.StartAsync(added).ConfigureAwait(false);
        }
    }

    private bool TryNextBatch()
    {
        PartitionCursor? cursor = _frameCursor;
        while (_frame is not null && _framePosition < _frame.Batches.Length && !cursor!.IsDone)
        {
            ReadOnlyMemory<byte> stored = NextStoredBatch(_frame.Batches[_framePosition..], cursor);
            _framePosition += stored.Length;
            var view = new StoredBatchView(stored.Span);
            long wanted = cursor.NextOffset!.Value;
            if (view.NextOffset <= wanted)
            {
                continue;
            }

            if (view.BaseOffset > wanted)
            {
                throw ReadFailures.Gap(cursor.Topic, cursor.Partition, wanted, view.BaseOffset);
            }

            cursor.NextOffset = view.NextOffset;
            Current.Set(cursor, stored, wanted);
            return true;
        }

        return false;
    }

    private ReadOnlyMemory<byte> NextStoredBatch(ReadOnlyMemory<byte> bytes, PartitionCursor cursor)
    {
        BatchError error = BatchError.TooShort;
        if (bytes.Length >= StoredBatch.OverheadBytes)
        {
            int sizeBytes = StoredBatch.SizeFromHeader(bytes.Span);
            error = BatchError.LengthMismatch;
            if (sizeBytes >= StoredBatch.OverheadBytes && sizeBytes <= bytes.Length)
            {
                ReadOnlyMemory<byte> stored = bytes[..sizeBytes];
                error = _options.VerifyChecksums
                    ? StoredBatch.Validate(stored.Span, cursor.Seed, int.MaxValue)
                    : BatchError.None;
                if (error == BatchError.None)
                {
                    return stored;
                }
            }
        }

        throw ReadFailures.Corrupt(cursor.Topic, cursor.Partition, cursor.NextOffset!.Value, error);
    }

    private async ValueTask LeaveFrameAsync()
    {
        if (_frame is not { } frame)
        {
            return;
        }

        PartitionCursor cursor = _frameCursor!;
        int sizeBytes = frame.Batches.Length;
        _frame = null;
        frame.Release();
        if (_stream is not null)
        {
            await _stream.ReturnCreditAsync(sizeBytes).ConfigureAwait(false);
            if (cursor.IsDone && sizeBytes > 0)
            {
                await _stream.StopAsync(cursor).ConfigureAwait(false);
            }
        }
    }

    private async ValueTask EnterFrameAsync(FetchFrame frame)
    {
        NoteAlive();
        if (frame.StartId == 0)
        {
            frame.Release();
            return;
        }

        PartitionCursor cursor = _stream!.CursorOf(frame);
        _frame = frame;
        _frameCursor = cursor;
        _framePosition = 0;
        if (frame.Error is { } error)
        {
            if (!cursor.IsDone)
            {
                await StepOverAsync(cursor, frame.HighWatermark, ErrorMapper.FromError(error)).ConfigureAwait(false);
            }

            return;
        }

        cursor.HighWatermark = frame.HighWatermark;
        if (cursor.NextOffset is null)
        {
            cursor.NextOffset = frame.FirstOffset;
            cursor.StopOffset = _options.StopAtEnd ? frame.HighWatermark : null;
            if (cursor.IsDone)
            {
                await _stream.StopAsync(cursor).ConfigureAwait(false);
            }
        }
        else if (frame.FirstOffset > cursor.NextOffset)
        {
            throw ReadFailures.Gap(cursor.Topic, cursor.Partition, cursor.NextOffset.Value, frame.FirstOffset);
        }
    }

    /// <summary>Goes on behind damage, if whoever reads takes it upon himself.</summary>
    /// <exception cref="BrokerException">The error, in every other case.</exception>
    private async ValueTask StepOverAsync(PartitionCursor cursor, long highWatermark, BrokerException error)
    {
        if (_options.OnDamage is not { } onDamage
            || error.Reason != ErrorReasons.DataLoss
            || !long.TryParse(error.Metadata.GetValueOrDefault("offset"), out long from)
            || !long.TryParse(error.Metadata.GetValueOrDefault("next_offset"), out long next)
            || next <= from)
        {
            throw error;
        }

        onDamage(new DamagedOffsets(cursor.Topic, cursor.Partition, from, next));
        cursor.NextOffset = next;
        cursor.StopOffset ??= _options.StopAtEnd ? highWatermark : null;
        if (!cursor.IsDone)
        {
            await _stream!.StartAsync([cursor]).ConfigureAwait(false);
        }
    }

    private void NoteAlive()
    {
        _context.NoteReached();
        if (_failedAttempts > 0)
        {
            Log.Reconnected(_context.Logger, "Consumer", _context.Server.Display, _failedAttempts);
            _failedAttempts = 0;
        }
    }

    /// <summary>Drops the stream and waits before the next; gives up when it has taken too long.</summary>
    private async ValueTask ReconnectAsync(Exception? cause, CancellationToken cancellationToken)
    {
        _frame?.Release();
        _frame = null;
        _stream?.Dispose();
        _stream = null;
        BrokerException error = cause switch
        {
            RpcException rpc => ErrorMapper.FromRpc(rpc, _context.Server, _context.HasReachedBroker),
            BrokerException broker => broker,
            _ => new RetriableException(
                ErrorReasons.NetworkException,
                $"The broker at {_context.Server.Display} ended the stream.",
                isDefinite: true,
                innerException: cause),
        };
        if (_failedAttempts == 0)
        {
            _lostAt = _context.Time.GetTimestamp();
        }

        TimeSpan wait = _context.Backoff.Wait(_failedAttempts);
        if (!error.IsRetriable || _context.Time.GetElapsedTime(_lostAt) + wait >= _context.RetryFor(_options.ReconnectTimeout))
        {
            throw error;
        }

        _failedAttempts++;
        Log.ConnectionLost(_context.Logger, "Consumer", _context.Server.Display, error.Message, (long)wait.TotalMilliseconds);
        await Task.Delay(wait, _context.Time, cancellationToken).ConfigureAwait(false);
    }
}
