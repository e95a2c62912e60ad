using System.Runtime.ExceptionServices;
using Broker.Records;
using Broker.Storage.Files;

namespace Broker.Storage.Journal;

/// <summary>A part of a journal file in memory, once it was read.</summary>
/// <remarks>Read by one thread, used by another after <see cref="IsRead"/>.</remarks>
/// <param name="from">In the first block of the part.</param>
/// <param name="buffer">Memory of an earlier part; replaced when it is too small.</param>
internal sealed class JournalPart(string path, long from, AlignedBuffer? buffer) : IDisposable
{
    // Small enough for the processor's caches, so that what was read is checked and written again without waiting for memory.
    private const int SizeMax = 2 << 20;
    private const int SizeMin = 16 << 10;
    private const int PartsPerFile = 32;

    private AlignedBuffer? _buffer = buffer;
    private int _start;
    private int _end;
    private Exception? _failure;
    private volatile bool _isRead;

    public string Path => path;

    public bool IsRead => _isRead;

    /// <summary>Where reading begins; the end of the file when that lies before.</summary>
    public long ReadFrom { get; } = from / JournalFormat.BlockBytes * JournalFormat.BlockBytes;

    /// <summary>Where in the file its first byte is.</summary>
    public long Position { get; private set; }

    /// <summary>Where in the file the next part begins.</summary>
    public long End => Position + (_end - _start);

    /// <summary>In whole blocks, the last one filled up with zeros; at least one.</summary>
    public long FileLength { get; private set; }

    public bool IsLast => End == FileLength;

    /// <summary>Does not throw: a failure is kept for <see cref="ThrowIfFailed"/>.</summary>
    public void ReadNow(IDisk disk)
    {
        try
        {
            using IDiskFile file = disk.Open(path, FileOpening.ReadOnly);
            FileLength = Math.Max(JournalFormat.AlignBlock(file.Length), JournalFormat.BlockBytes);
            Position = Math.Min(ReadFrom, FileLength);
            int size = (int)Math.Clamp(JournalFormat.AlignBlock(FileLength / PartsPerFile), SizeMin, SizeMax);
            int count = (int)Math.Min(size, FileLength - Position);
            AlignedBuffer buffer = BufferOf(2 * size);

            // What lies before is for the end of the part before this one.
            _start = buffer.Length - size;
            _end = _start + count;
            int read = file.ReadFromDevice(Position, buffer, _start, count);
            buffer.Span[(_start + read).._end].Clear();
        }
        catch (Exception e)
        {
            _failure = e;
        }

        _isRead = true;
    }

    public void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>What there is from a place in the file on; nothing when the part ends before.</summary>
    public ReadOnlySpan<byte> From(long position)
    {
        Invariant.Check(position >= Position);
        return position >= End ? default : _buffer!.Span[(_start + (int)(position - Position)).._end];
    }

    /// <summary>Takes in what comes before it in the file.</summary>
    public void Prepend(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _start)
        {
            MakeRoom(bytes.Length);
        }

        _start -= bytes.Length;
        Position -= bytes.Length;
        bytes.CopyTo(_buffer!.Span[_start..]);
    }

    /// <summary>Hands the memory to the next part; this one is gone.</summary>
    public AlignedBuffer? GiveBuffer()
    {
        AlignedBuffer? buffer = _buffer;
        _buffer = null;
        return buffer;
    }

    public void Dispose() => GiveBuffer()?.Dispose();

    private AlignedBuffer BufferOf(int sizeMin)
    {
        if (_buffer is null || _buffer.Length < sizeMin)
        {
            _buffer?.Dispose();
            _buffer = new AlignedBuffer(sizeMin);
        }

        return _buffer;
    }

    private void MakeRoom(int before)
    {
        AlignedBuffer old = _buffer!;
        int room = checked((int)JournalFormat.AlignBlock(before));
        _buffer = new AlignedBuffer(checked(old.Length + room));
        old.Span[_start.._end].CopyTo(_buffer.Span[(_start + room)..]);
        old.Dispose();
        _start += room;
        _end += room;
    }
}
