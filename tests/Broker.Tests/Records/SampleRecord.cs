using System.Text;
using Broker.Records;
using CsCheck;

namespace Broker.Tests.Records;

/// <summary>A record with everything owned, for comparison with what a batch gives back.</summary>
internal sealed record SampleRecord(long TimestampMs, byte[]? Key, byte[]? Value, (string Key, byte[]? Value)[] Headers)
{
    public static readonly TopicId Topic = TopicId.Read("0123456789abcdef"u8);
    public const int Partition = 3;
    public const int BatchBytesMax = 4 * 1024 * 1024;
    public const int RecordBytesMax = 1024 * 1024;
    public static readonly uint Seed = StoredBatch.PrefixSeed(Topic, Partition);

    /// <summary>Null, empty, short and long bytes; runs of one byte, so that compression has something to gain.</summary>
    private static readonly Gen<byte[]?> Bytes = Gen.OneOf(
        Gen.Const((byte[]?)null),
        Gen.Const((byte[]?)[]),
        Gen.Byte.Array[0, 20].Select(bytes => (byte[]?)bytes),
        Gen.Select(Gen.Byte, Gen.Int[0, 20_000]).Select((value, length) =>
        {
            byte[] run = new byte[length];
            Array.Fill(run, value);
            return (byte[]?)run;
        }));

    private static readonly Gen<long> Timestamps = Gen.OneOf(
        Gen.Long[1_600_000_000_000, 1_600_000_100_000], Gen.Long, Gen.OneOf(Gen.Const(long.MinValue), Gen.Const(-1L), Gen.Const(long.MaxValue)));

    private static readonly Gen<(string, byte[]?)[]> SomeHeaders =
        Gen.Select(Gen.OneOf(Gen.Const(""), Gen.String[1, 5], Gen.Const("grüße")), Bytes).Array[0, 3];

    private static readonly Gen<SampleRecord> One =
        Gen.Select(Timestamps, Bytes, Bytes, SomeHeaders, (timestamp, key, value, headers) =>
            new SampleRecord(timestamp, key, value, headers));

    public static readonly Gen<SampleRecord[]> Some = One.Array[1, 30];

    /// <summary>Appended to a writer and finished for <see cref="Topic"/> and <see cref="Partition"/>.</summary>
    public static PooledBuffer Write(IEnumerable<SampleRecord> records, Codec codec)
    {
        using var writer = new BatchWriter(codec, initialBytes: 256);
        foreach (SampleRecord record in records)
        {
            writer.Append(record.TimestampMs, record.Key, record.Value, record.RecordHeaders);
        }

        return writer.Finish(Topic, Partition, producerId: 7, producerEpoch: 0x1_0002, baseSequence: 0x3_0000_0004);
    }

    public static SampleRecord[] Read(ReadOnlySpan<byte> stored)
    {
        using var scratch = new DecompressionBuffer();
        Assert.Equal(BatchError.None, BatchReader.TryOpen(stored, scratch, out BatchReader reader));
        var records = new List<SampleRecord>();
        while (reader.TryRead(out RecordView record))
        {
            Assert.Equal(new StoredBatchView(stored).BaseOffset + records.Count, record.Offset);
            records.Add(From(record));
        }

        Assert.Equal(BatchError.None, reader.Error);
        return [.. records];
    }

    public static SampleRecord From(RecordView record)
    {
        var headers = new List<(string, byte[]?)>();
        foreach (HeaderView header in record.Headers)
        {
            headers.Add((Encoding.UTF8.GetString(header.Key), header.Value.ToArray()));
        }

        Assert.Equal(record.HeaderCount, headers.Count);
        return new SampleRecord(record.TimestampMs, record.Key.ToArray(), record.Value.ToArray(), [.. headers]);
    }

    public RecordHeader[] RecordHeaders =>
        [.. Headers.Select(header => new RecordHeader(
            header.Key, header.Value is { } value ? value : default(ReadOnlyMemory<byte>?)))];

    public bool Equals(SampleRecord? other) =>
        other is not null
        && TimestampMs == other.TimestampMs
        && Same(Key, other.Key)
        && Same(Value, other.Value)
        && Headers.Length == other.Headers.Length
        && Headers.Zip(other.Headers).All(pair => AsRead(pair.First.Key) == AsRead(pair.Second.Key)
            && Same(pair.First.Value, pair.Second.Value));

    public override string ToString() =>
        $"({TimestampMs}, {Show(Key)}, {Show(Value)}, [{string.Join(", ", Headers.Select(h => $"{h.Key}={Show(h.Value)}"))}])";

    public override int GetHashCode() => TimestampMs.GetHashCode();

    private static bool Same(byte[]? left, byte[]? right) =>
        left is null ? right is null : right is not null && left.AsSpan().SequenceEqual(right);

    private static string Show(byte[]? bytes) => bytes switch
    {
        null => "null",
        { Length: > 40 } => $"{bytes.Length} bytes",
        _ => Convert.ToHexString(bytes),
    };

    // Half of a surrogate pair has no UTF-8 and becomes a replacement character.
    private static string AsRead(string key) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(key));
}
