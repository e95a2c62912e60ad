using System.Buffers.Binary;
using System.Security.Cryptography;
using Broker.Client;
using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;

namespace Broker.Tests.Upgrade;

/// <summary>One number for all that a reader sees of a partition: offsets, timestamps, keys, values and headers, in order.</summary>
internal sealed class ContentHash : IDisposable
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

    public int RecordCount { get; private set; }

    public void Add(ConsumedRecord record)
    {
        Begin(record.Offset, record.TimestampMs);
        Add(record.Key is { } key ? key.Span : OptionalBytes.Null);
        Add(record.Value is { } value ? value.Span : OptionalBytes.Null);
        foreach (RecordHeader header in record.Headers)
        {
            Add(System.Text.Encoding.UTF8.GetBytes(header.Key));
            Add(header.Value is { } bytes ? bytes.Span : OptionalBytes.Null);
        }
    }

    public void Add(in RecordView record)
    {
        Begin(record.Offset, record.TimestampMs);
        Add(record.Key);
        Add(record.Value);
        foreach (HeaderView header in record.Headers)
        {
            Add(header.Key);
            Add(header.Value);
        }
    }

    public string Finish() => Convert.ToHexStringLower(_hash.GetHashAndReset());

    public void Dispose() => _hash.Dispose();

    /// <summary>Reads a partition through the engine, from its log start to its high watermark.</summary>
    /// <param name="onBatch">Sees each stored batch; may be null.</param>
    public static PartitionContent Of(PartitionHandle partition, Action<ReadOnlyMemory<byte>>? onBatch = null)
    {
        using var hash = new ContentHash();
        using var scratch = new DecompressionBuffer();
        long logStart = partition.LogStartOffset;
        for (long offset = logStart; offset < partition.HighWatermark;)
        {
            ReadResult result = partition.Read(offset, 64 << 10);
            using (result.Slice)
            {
                Assert.Equal(BrokerError.None, result.Error);
                for (ReadOnlyMemory<byte> rest = result.Slice.Memory; rest.Length > 0;)
                {
                    int size = new StoredBatchView(rest.Span).SizeBytes;
                    onBatch?.Invoke(rest[..size]);
                    Assert.Equal(BatchError.None, BatchReader.TryOpen(rest.Span[..size], scratch, out BatchReader reader));
                    while (reader.TryRead(out RecordView record))
                    {
                        if (record.Offset >= logStart)
                        {
                            hash.Add(record);
                        }
                    }

                    Assert.Equal(BatchError.None, reader.Error);
                    rest = rest[size..];
                }

                offset = result.Slice.NextOffset;
            }
        }

        return new PartitionContent(
            partition.TopicName, partition.TopicId.ToString(), partition.Partition, logStart, partition.HighWatermark, hash.RecordCount, hash.Finish());
    }

    private void Begin(long offset, long timestampMs)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, offset);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], timestampMs);
        _hash.AppendData(bytes);
        RecordCount++;
    }

    private void Add(OptionalBytes bytes)
    {
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(length, bytes.IsNull ? -1 : bytes.Span.Length);
        _hash.AppendData(length);
        if (!bytes.IsNull)
        {
            _hash.AppendData(bytes.Span);
        }
    }
}
