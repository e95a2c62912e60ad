using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Protocol.V1;
using Broker.Records;
using Broker.Storage.Segments;
using Google.Protobuf;
using Record = Broker.Protocol.V1.Record;

namespace Broker.Server.Streams;

/// <summary>One plain read: decodes batches into messages, and waits for a record when there is none.</summary>
internal sealed class PlainRead : IWatcher
{
    private readonly StreamContext _context;
    private readonly PartitionHandle _partition;
    private readonly int _recordsMax;
    private readonly int _bytesMax;
    private readonly TimeSpan _waitMax;
    private readonly long _from;
    private TaskCompletionSource _changed = NewSource();

    public PlainRead(StreamContext context, PartitionHandle partition, ReadRequest request)
    {
        _context = context;
        _partition = partition;
        _recordsMax = request.MaxRecords == 0
            ? StreamLimits.ReadRecordsDefault
            : (int)Math.Min(request.MaxRecords, StreamLimits.ReadRecordsMax);
        _bytesMax = request.MaxBytes == 0
            ? StreamLimits.ReadBytesDefault
            : (int)Math.Min(request.MaxBytes, (uint)context.Engine.Options.BatchBytesMax);
        _waitMax = TimeSpan.FromMilliseconds(Math.Min(request.MaxWaitMs, StreamLimits.ReadWaitMax.TotalMilliseconds));
        _from = Offsets.Resolve(partition, request.From);
    }

    public void OnPartitionChanged() => Volatile.Read(ref _changed).TrySetResult();

    public async Task<ReadResponse> RunAsync(CancellationToken cancellationToken)
    {
        ReadResponse response = Read();
        if (response.Records.Count > 0 || _waitMax == TimeSpan.Zero)
        {
            return response;
        }

        long started = _context.Time.GetTimestamp();
        _partition.AddWatcher(this);
        try
        {
            while (true)
            {
                response = Read();
                TimeSpan left = _waitMax - _context.Time.GetElapsedTime(started);
                if (response.Records.Count > 0 || left <= TimeSpan.Zero)
                {
                    return response;
                }

                await WaitAsync(left, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _partition.RemoveWatcher(this);
        }
    }

    private static TaskCompletionSource NewSource() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        try
        {
            await _changed.Task.WaitAsync(atMost, _context.Time, cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _changed, NewSource());
        }
        catch (TimeoutException)
        {
            // The next look is the last one.
        }
    }

    private ReadResponse Read()
    {
        var response = new ReadResponse
        {
            HighWatermark = _partition.HighWatermark,
            LogStartOffset = _partition.LogStartOffset,
            NextOffset = _from,
            Incarnation = (ulong)_context.Engine.Incarnation,
        };
        ReadResult read = Offsets.Read(_context.Log, _partition, _from, _bytesMax);
        LogSlice slice = read.Slice;
        using (slice)
        {
            if (read.Error != BrokerError.None)
            {
                throw Offsets.ReadFailure(read, _partition, _from);
            }

            AddRecords(slice.Memory.Span, response);
        }

        _context.Metrics.Fetched(response.Records.Count, slice.Memory.Length);
        return response;
    }

    private void AddRecords(ReadOnlySpan<byte> batches, ReadResponse response)
    {
        using var scratch = new DecompressionBuffer();
        int bytes = 0;
        while (!batches.IsEmpty)
        {
            int sizeBytes = StoredBatch.SizeFromHeader(batches);
            ReadOnlySpan<byte> stored = batches[..sizeBytes];
            batches = batches[sizeBytes..];
            long appendTimeMs = new StoredBatchView(stored).AppendTimeMs;
            BatchError error = BatchReader.TryOpen(stored, scratch, out BatchReader reader);
            while (error == BatchError.None && reader.TryRead(out RecordView record))
            {
                if (record.Offset < _from)
                {
                    continue;
                }

                bytes += record.Key.Length + record.Value.Length;
                if (response.Records.Count == _recordsMax || (bytes > _bytesMax && response.Records.Count > 0))
                {
                    return;
                }

                response.Records.Add(Convert(record, appendTimeMs));
                response.NextOffset = record.Offset + 1;
            }

            error = error == BatchError.None ? reader.Error : error;
            if (error != BatchError.None)
            {
                throw new BrokerException(
                    BrokerError.DataLoss,
                    $"Topic {_partition.TopicName}, partition {_partition.Partition}, offset {response.NextOffset}: "
                        + $"{BatchErrors.Describe(error)}.");
            }
        }
    }

    private static ReadRecord Convert(in RecordView record, long appendTimeMs)
    {
        var message = new Record { TimestampMs = record.TimestampMs };
        if (!record.Key.IsNull)
        {
            message.Key = ByteString.CopyFrom(record.Key.Span);
        }

        if (!record.Value.IsNull)
        {
            message.Value = ByteString.CopyFrom(record.Value.Span);
        }

        foreach (HeaderView view in record.Headers)
        {
            var header = new Header { Key = System.Text.Encoding.UTF8.GetString(view.Key) };
            if (!view.Value.IsNull)
            {
                header.Value = ByteString.CopyFrom(view.Value.Span);
            }

            message.Headers.Add(header);
        }

        return new ReadRecord { Offset = record.Offset, Record = message, AppendTimeMs = appendTimeMs };
    }
}
