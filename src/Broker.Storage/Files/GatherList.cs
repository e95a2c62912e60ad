using System.Buffers;

namespace Broker.Storage.Files;

/// <summary>
/// Pieces of memory to be written one after the other. Small pieces are copied together, large ones stay where they are,
/// so that a group of many small entries is one buffer and a group of large ones is not copied. Single-threaded; reused.
/// </summary>
internal sealed class GatherList
{
    // Below this, copying is cheaper than one more element of a vectored write.
    private const int CopyBelowBytes = 8 * 1024;

    private readonly List<ReadOnlyMemory<byte>> _pieces = [];
    private MemoryHandle[] _pins = new MemoryHandle[64];
    private byte[] _small;
    private int _smallUsed;
    private int _smallOpenFrom;

    public GatherList(int smallBytes = 64 * 1024)
    {
        _small = GC.AllocateUninitializedArray<byte>(smallBytes, pinned: true);
    }

    public long TotalBytes { get; private set; }

    /// <summary>How many pieces there are. Call <see cref="Seal"/> first.</summary>
    public int Count => _pieces.Count;

    public ReadOnlyMemory<byte> this[int index] => _pieces[index];

    /// <summary>Room for a small piece, to be filled in by the caller before the next call. Zeroed.</summary>
    public Span<byte> Reserve(int count)
    {
        EnsureSmall(count);
        Span<byte> room = _small.AsSpan(_smallUsed, count);
        room.Clear();
        _smallUsed += count;
        TotalBytes += count;
        return room;
    }

    /// <summary>Adds a piece, which must stay unchanged until <see cref="Clear"/>.</summary>
    public void Add(ReadOnlyMemory<byte> piece)
    {
        if (piece.Length < CopyBelowBytes)
        {
            EnsureSmall(piece.Length);
            piece.Span.CopyTo(_small.AsSpan(_smallUsed));
            _smallUsed += piece.Length;
        }
        else
        {
            Seal();
            _pieces.Add(piece);
        }

        TotalBytes += piece.Length;
    }

    /// <summary>Room for the pins of a write, used again by the next.</summary>
    public Span<MemoryHandle> Pins(int count)
    {
        if (_pins.Length < count)
        {
            _pins = new MemoryHandle[count];
        }

        return _pins.AsSpan(0, count);
    }

    public void Seal()
    {
        if (_smallUsed > _smallOpenFrom)
        {
            _pieces.Add(_small.AsMemory(_smallOpenFrom, _smallUsed - _smallOpenFrom));
            _smallOpenFrom = _smallUsed;
        }
    }

    public void Clear()
    {
        _pieces.Clear();
        _smallUsed = 0;
        _smallOpenFrom = 0;
        TotalBytes = 0;
    }

    private void EnsureSmall(int count)
    {
        if (_smallUsed + count <= _small.Length)
        {
            return;
        }

        // The pieces sealed so far keep the old array alive; the new one starts empty.
        Seal();
        _small = GC.AllocateUninitializedArray<byte>(Math.Max(_small.Length * 2, count), pinned: true);
        _smallUsed = 0;
        _smallOpenFrom = 0;
    }
}
