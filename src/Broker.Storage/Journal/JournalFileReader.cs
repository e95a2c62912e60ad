using Broker.Storage.Files;
using Broker.Storage.Workers;

namespace Broker.Storage.Journal;

/// <summary>
/// Reads journal files from the device, one after the other, each from a place to its end, part by part. While one part is looked
/// at, the next is on its way: reading takes about as long as carrying out again what was read, and keeps no core busy. The same
/// few parts of memory serve all files: it is much faster to read into what was touched before.
/// </summary>
/// <param name="workers">Null reads nothing ahead.</param>
internal sealed class JournalFileReader(IDisk disk, IWorkers? workers) : IDisposable
{
    private readonly Stack<AlignedBuffer> _spares = new();
    private IWorker? _worker;
    private string? _next;
    private JournalPart? _part;
    private JournalPart? _ahead;

    /// <summary>Begins to read a file.</summary>
    /// <param name="from">The first byte of interest.</param>
    /// <param name="next">What will be opened next, if that is known: it is read from its start.</param>
    public void Open(string path, long from, string? next = null)
    {
        _next = next;
        if (_part is { } part)
        {
            if (part.Path == path && part.Position <= from && from < part.End)
            {
                return;
            }

            GiveUp(part);
            _part = null;
        }

        if (_ahead is not { } ahead)
        {
            ReadAhead(path, from);
        }
        else if (ahead.Path != path || ahead.ReadFrom > from)
        {
            _worker?.WaitUntil(() => ahead.IsRead);
            GiveUp(ahead);
            ReadAhead(path, from);
        }
    }

    /// <summary>The bytes of the open file from a position on, which never decreases, filled up with zeros to a whole block.</summary>
    /// <returns>At least <paramref name="count"/> bytes, or all up to the end of the file. Valid until the next call.</returns>
    /// <exception cref="DiskException">The file cannot be read.</exception>
    public ReadOnlySpan<byte> At(long position, int count)
    {
        JournalPart part = _part ?? Advance(position);
        while (position + count > part.End && !part.IsLast)
        {
            part = Advance(position);
        }

        return part.From(position);
    }

    /// <summary>Opens the frame at a position, which never decreases, as <see cref="JournalFrame.TryOpen"/> does.</summary>
    /// <exception cref="DiskException">The file cannot be read.</exception>
    public bool TryOpenFrame(long position, long fileNumber, out JournalFrame frame)
    {
        ReadOnlySpan<byte> bytes = At(position, JournalFormat.FrameHeaderBytes);
        int size = JournalFrame.SizeOf(bytes);
        if (size > bytes.Length && size <= _part!.FileLength - position)
        {
            bytes = At(position, size);
        }

        return JournalFrame.TryOpen(bytes, fileNumber, out frame);
    }

    public void Dispose()
    {
        _worker?.Dispose();
        _part?.Dispose();
        _ahead?.Dispose();
        foreach (AlignedBuffer buffer in _spares)
        {
            buffer.Dispose();
        }
    }

    private JournalPart Advance(long position)
    {
        JournalPart ahead = _ahead!;
        WaitFor(ahead);
        ahead.ThrowIfFailed();
        if (_part is { } part)
        {
            ahead.Prepend(part.From(position));
            GiveUp(part);
        }

        _part = ahead;
        _ahead = null;
        if (!ahead.IsLast)
        {
            ReadAhead(ahead.Path, ahead.End);
        }
        else if (_next is { } next)
        {
            ReadAhead(next, from: 0);
        }

        return ahead;
    }

    private void ReadAhead(string path, long from)
    {
        var ahead = new JournalPart(path, from, _spares.TryPop(out AlignedBuffer? buffer) ? buffer : null);
        _ahead = ahead;
        if (workers is not null)
        {
            _worker ??= workers.Start("journal reader");
            _worker.Post(() => ahead.ReadNow(disk));
        }
    }

    private void WaitFor(JournalPart ahead)
    {
        if (_worker is { } worker)
        {
            worker.WaitUntil(() => ahead.IsRead);
        }
        else
        {
            ahead.ReadNow(disk);
        }
    }

    private void GiveUp(JournalPart part)
    {
        if (part.GiveBuffer() is { } buffer)
        {
            _spares.Push(buffer);
        }
    }
}
