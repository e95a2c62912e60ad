using Broker.Records;

namespace Broker.Storage.Segments;

/// <summary>Which part of a window of batches answers a read.</summary>
/// <param name="Start">Byte in the window where the first wanted batch begins.</param>
/// <param name="Length">Bytes of the wanted batches.</param>
/// <param name="NextOffset">Offset after the last of them.</param>
/// <param name="NeedBytes">When the window ends inside the first wanted batch: how long it would have to be.</param>
internal readonly record struct BatchSelection(int Start, int Length, long NextOffset, int NeedBytes);

/// <summary>Walks stored batches in memory that begins at a batch. Trusts no byte before its checksum passed.</summary>
internal static class BatchWalk
{
    /// <param name="offset">The first offset wanted.</param>
    /// <param name="end">The high watermark: batches at or behind it are not for reading.</param>
    public static LogReadStatus Select(
        ReadOnlySpan<byte> window, uint seed, long offset, long end, int maxBytes, out BatchSelection selection)
    {
        selection = default;
        int position = 0;
        int start = -1;
        long next = -1;
        while (position + StoredBatch.OverheadBytes <= window.Length)
        {
            ReadOnlySpan<byte> rest = window[position..];
            var view = new StoredBatchView(rest);
            int size = view.SizeBytes;
            if (size < StoredBatch.OverheadBytes)
            {
                break;
            }

            if (view.BaseOffset >= end || (start >= 0 && position + (long)size - start > maxBytes))
            {
                break;
            }

            if (size > rest.Length)
            {
                if (start < 0)
                {
                    selection = new BatchSelection(0, 0, -1, NeedBytes: (int)Math.Min(int.MaxValue, position + (long)size));
                }

                break;
            }

            if (start >= 0 || view.NextOffset > offset)
            {
                if ((start < 0 ? view.BaseOffset > offset : view.BaseOffset != next)
                    || StoredBatch.Validate(rest[..size], seed, int.MaxValue) != BatchError.None)
                {
                    break;
                }

                start = start < 0 ? position : start;
                next = view.NextOffset;
            }

            position += size;
        }

        if (start < 0)
        {
            return LogReadStatus.Corrupt;
        }

        selection = new BatchSelection(start, position - start, next, NeedBytes: 0);
        return LogReadStatus.Ok;
    }
}
