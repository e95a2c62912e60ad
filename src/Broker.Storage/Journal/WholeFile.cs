using System.Runtime.ExceptionServices;
using Broker.Storage.Files;

namespace Broker.Storage.Journal;

/// <summary>A journal file in memory, once it was read.</summary>
/// <remarks>Read by one thread, used by another after <see cref="IsRead"/>.</remarks>
/// <param name="from">Where its first byte of interest is: nothing is read between the header and the block of this byte.</param>
internal sealed class WholeFile(string path, long from = 0) : IDisposable
{
    private AlignedBuffer? _buffer;
    private Exception? _failure;
    private volatile bool _isRead;

    public string Path { get; } = path;

    public bool IsRead => _isRead;

    public long From => from;

    /// <summary>The file, with zeros up to the next block. What was not read is undefined.</summary>
    public ReadOnlySpan<byte> Bytes => _buffer!.Span;

    /// <param name="buffer">Used when it has the right size, else disposed; null makes one.</param>
    /// <exception cref="DiskException">It cannot be read.</exception>
    public static WholeFile Read(IDisk disk, string path, AlignedBuffer? buffer, long from = 0)
    {
        var file = new WholeFile(path, from);
        file.ReadNow(disk, buffer);
        file.ThrowIfFailed();
        return file;
    }

    /// <summary>Does not throw: a failure is kept for <see cref="ThrowIfFailed"/>.</summary>
    public void ReadNow(IDisk disk, AlignedBuffer? buffer)
    {
        try
        {
            using IDiskFile file = disk.Open(Path, FileOpening.ReadOnly);
            int length = Math.Max(checked((int)JournalFormat.AlignBlock(file.Length)), JournalFormat.BlockBytes);
            if (buffer?.Length != length)
            {
                buffer?.Dispose();
                buffer = new AlignedBuffer(length);
            }

            _buffer = buffer;
            int start = (int)Math.Min(from / JournalFormat.BlockBytes * JournalFormat.BlockBytes, length);
            if (start > 0)
            {
                file.ReadFromDevice(0, buffer, at: 0, JournalFormat.BlockBytes);
            }

            int read = file.ReadFromDevice(start, buffer, start, length - start);
            buffer.Span[(start + read)..].Clear();
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
            Dispose();
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Hands the memory to the next file; this one is gone.</summary>
    public AlignedBuffer? GiveBuffer()
    {
        AlignedBuffer? buffer = _buffer;
        _buffer = null;
        return buffer;
    }

    public void Dispose() => GiveBuffer()?.Dispose();
}
