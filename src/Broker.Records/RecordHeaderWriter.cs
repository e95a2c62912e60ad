using System.Text;

namespace Broker.Records;

/// <summary>Encodes the headers of one record, count included.</summary>
internal static class RecordHeaderWriter
{
    public static long SizeOf(ReadOnlySpan<RecordHeader> headers)
    {
        long sizeBytes = Varint.SizeOf(headers.Length);
        foreach (RecordHeader header in headers)
        {
            int keyBytes = Encoding.UTF8.GetByteCount(header.Key);
            sizeBytes += Varint.SizeOf(keyBytes) + keyBytes;
            sizeBytes += header.Value is { } value ? Varint.SizeOf(value.Length) + value.Length : Varint.SizeOf(-1);
        }

        return sizeBytes;
    }

    /// <returns>Bytes written: what <see cref="SizeOf"/> said.</returns>
    public static int Write(Span<byte> destination, ReadOnlySpan<RecordHeader> headers)
    {
        int position = Varint.Write(destination, headers.Length);
        foreach (RecordHeader header in headers)
        {
            position += Varint.Write(destination[position..], Encoding.UTF8.GetByteCount(header.Key));
            position += Encoding.UTF8.GetBytes(header.Key, destination[position..]);
            if (header.Value is { } value)
            {
                position += Varint.Write(destination[position..], value.Length);
                value.Span.CopyTo(destination[position..]);
                position += value.Length;
            }
            else
            {
                position += Varint.Write(destination[position..], -1);
            }
        }

        return position;
    }
}
