using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;
using Broker.Storage.Segments;

namespace Broker.Load.Raw;

/// <summary>What was read of one partition, in the pieces it was read in. Only grows.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class Remembered(PartitionHandle partition)
{
    private readonly Lock _gate = new();
    private readonly List<Piece> _pieces = [];

    /// <returns>False when the offset was not read yet.</returns>
    public bool TryRead(long offset, int bytesMax, out ReadResult result)
    {
        lock (_gate)
        {
            int index = _pieces.BinarySearch(new Piece(offset, 0, null!), Piece.ByFirstOffset);
            index = index < 0 ? ~index - 1 : index;
            if (index < 0 || offset >= _pieces[index].NextOffset)
            {
                result = default;
                return false;
            }

            Piece piece = _pieces[index];
            (int from, int to, long nextOffset) = Range(piece.Batches.Span, offset, bytesMax);
            piece.Batches.Retain();
            result = new ReadResult(BrokerError.None, new LogSlice(piece.Batches.Memory[from..to], piece.Batches, nextOffset));
            return true;
        }
    }

    /// <summary>Reads from the log and remembers what is new.</summary>
    public ReadResult ReadOn(long offset, int bytesMax)
    {
        ReadResult read = partition.Read(offset, bytesMax);
        if (read.Error != BrokerError.None || read.Slice.IsEmpty)
        {
            return read;
        }

        ReadOnlyMemory<byte> batches = read.Slice.Memory;
        long firstOffset = new StoredBatchView(batches.Span).BaseOffset;
        lock (_gate)
        {
            if (_pieces.Count == 0 || firstOffset == _pieces[^1].NextOffset)
            {
                PooledBuffer copy = PooledBuffer.Rent(batches.Length);
                batches.Span.CopyTo(copy.Span);
                _pieces.Add(new Piece(firstOffset, read.Slice.NextOffset, copy));
            }
        }

        return read;
    }

    /// <summary>The batches from the one that holds the offset on: as many as fit, and at least that one.</summary>
    private static (int From, int To, long NextOffset) Range(ReadOnlySpan<byte> batches, long offset, int bytesMax)
    {
        int from = 0;
        while (new StoredBatchView(batches[from..]).NextOffset <= offset)
        {
            from += StoredBatch.SizeFromHeader(batches[from..]);
        }

        int to = from;
        long nextOffset = offset;
        while (to < batches.Length)
        {
            int sizeBytes = StoredBatch.SizeFromHeader(batches[to..]);
            if (to > from && to + sizeBytes - from > bytesMax)
            {
                break;
            }

            nextOffset = new StoredBatchView(batches[to..]).NextOffset;
            to += sizeBytes;
        }

        return (from, to, nextOffset);
    }

    private sealed record Piece(long FirstOffset, long NextOffset, PooledBuffer Batches)
    {
        public static readonly IComparer<Piece> ByFirstOffset = Comparer<Piece>.Create((a, b) => a.FirstOffset.CompareTo(b.FirstOffset));
    }
}
