using System.Text;
using Broker.Records;

namespace Broker.Client.Consuming;

/// <summary>Makes records that may be kept from views that may not.</summary>
/// <remarks>One caller at a time.</remarks>
internal sealed class RecordCopier
{
    // Below the size from which the runtime treats arrays as large (85,000 bytes) and collects them late. A record that
    // is kept keeps its block.
    private const int BlockBytes = 64 * 1024;

    // A record larger than this gets an array of its own.
    private const int SharedBytesMax = BlockBytes / 8;

    private byte[] _block = [];
    private int _position;

    public ConsumedRecord Copy(ConsumedBatch batch, in RecordView record)
    {
        return new ConsumedRecord
        {
            Topic = batch.Topic,
            Partition = batch.Partition,
            Offset = record.Offset,
            TimestampMs = record.TimestampMs,
            AppendTimeMs = batch.AppendTimeMs,
            Key = Copy(record.Key),
            Value = Copy(record.Value),
            Headers = record.HeaderCount == 0 ? [] : CopyHeaders(record),
        };
    }

    private RecordHeader[] CopyHeaders(in RecordView record)
    {
        var headers = new RecordHeader[record.HeaderCount];
        int index = 0;
        foreach (HeaderView header in record.Headers)
        {
            headers[index++] = new RecordHeader(Encoding.UTF8.GetString(header.Key), Copy(header.Value));
        }

        return headers;
    }

    private ReadOnlyMemory<byte>? Copy(OptionalBytes bytes)
    {
        if (bytes.IsNull)
        {
            return null;
        }

        if (bytes.Length > SharedBytesMax)
        {
            return bytes.Span.ToArray();
        }

        if (bytes.Length > _block.Length - _position)
        {
            _block = GC.AllocateUninitializedArray<byte>(BlockBytes);
            _position = 0;
        }

        bytes.Span.CopyTo(_block.AsSpan(_position));
        var copy = new ReadOnlyMemory<byte>(_block, _position, bytes.Length);
        _position += bytes.Length;
        return copy;
    }
}
