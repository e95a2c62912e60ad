using Broker.Client.Consuming;
using Broker.Records;

namespace Broker.Client;

/// <summary>Walks the records of a <see cref="ConsumedBatch"/>, from the first that was asked for.</summary>
public ref struct BatchRecords
{
    private readonly ConsumedBatch _batch;
    private readonly long _firstOffset;
    private BatchReader _reader;
    private RecordView _current;

    internal BatchRecords(ReadOnlySpan<byte> stored, DecompressionBuffer scratch, ConsumedBatch batch)
    {
        _batch = batch;
        _firstOffset = batch.BaseOffset;
        BatchError error = BatchReader.TryOpen(stored, scratch, out _reader);
        if (error != BatchError.None)
        {
            throw ReadFailures.Corrupt(batch.Topic, batch.Partition, batch.BaseOffset, error);
        }
    }

    public readonly RecordView Current => _current;

    public readonly BatchRecords GetEnumerator() => this;

    /// <exception cref="BrokerException">CORRUPT_MESSAGE: the batch is not what its header says.</exception>
    public bool MoveNext()
    {
        while (_reader.TryRead(out _current))
        {
            if (_current.Offset >= _firstOffset)
            {
                return true;
            }
        }

        if (_reader.Error != BatchError.None)
        {
            throw ReadFailures.Corrupt(_batch.Topic, _batch.Partition, _batch.BaseOffset, _reader.Error);
        }

        return false;
    }
}
