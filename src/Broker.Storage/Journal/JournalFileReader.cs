using Broker.Storage.Files;
using Broker.Storage.Workers;

namespace Broker.Storage.Journal;

/// <summary>
/// Reads whole journal files from the device, one after the other. While one is looked at, the next is on its way: reading
/// takes about as long as carrying out again what was read, and keeps no core busy.
/// </summary>
/// <param name="workers">Null reads nothing ahead.</param>
internal sealed class JournalFileReader(IDisk disk, IWorkers? workers) : IDisposable
{
    private IWorker? _worker;
    private WholeFile? _current;
    private WholeFile? _ahead;

    /// <param name="from">The first byte of interest behind the header.</param>
    /// <param name="next">What will be asked for next; null when that is not known.</param>
    /// <returns>The file, with zeros up to the next block, undefined before what is of interest. Valid until another one is asked for.</returns>
    /// <exception cref="DiskException">It cannot be read.</exception>
    public ReadOnlySpan<byte> Read(string path, long from, string? next)
    {
        if (TryGetCurrent(path, from, out ReadOnlySpan<byte> current))
        {
            return current;
        }

        // Two buffers for all files: memory that was touched before is read into faster.
        AlignedBuffer? spare = _current?.GiveBuffer();
        _current = null;
        if (TakeAhead(path, from) is { } file)
        {
            _current = file;
        }
        else
        {
            _current = WholeFile.Read(disk, path, spare, from);
            spare = null;
        }

        if (next is not null)
        {
            ReadAhead(next, from: 0, spare);
        }
        else
        {
            spare?.Dispose();
        }

        return _current.Bytes;
    }

    /// <summary>Begins to read what will be asked for next.</summary>
    /// <param name="buffer">As for <see cref="WholeFile.ReadNow"/>.</param>
    public void ReadAhead(string path, long from, AlignedBuffer? buffer = null)
    {
        if (workers is null)
        {
            buffer?.Dispose();
            return;
        }

        _worker ??= workers.Start("journal reader");
        var ahead = new WholeFile(path, from);
        _ahead = ahead;
        _worker.Post(() => ahead.ReadNow(disk, buffer));
    }

    /// <summary>The file that was asked for last, if it is this one and has what is of interest.</summary>
    public bool TryGetCurrent(string path, long from, out ReadOnlySpan<byte> bytes)
    {
        bool isThere = _current?.Path == path && _current.From <= from;
        bytes = isThere ? _current!.Bytes : default;
        return isThere;
    }

    public void Dispose()
    {
        _worker?.Dispose();
        _current?.Dispose();
        _ahead?.Dispose();
    }

    private WholeFile? TakeAhead(string path, long from)
    {
        if (_ahead is not { } file)
        {
            return null;
        }

        _worker!.WaitUntil(() => file.IsRead);
        _ahead = null;
        if (file.Path != path || file.From > from)
        {
            file.Dispose();
            return null;
        }

        file.ThrowIfFailed();
        return file;
    }
}
