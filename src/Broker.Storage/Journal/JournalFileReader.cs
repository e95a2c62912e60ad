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

    /// <param name="next">What will be asked for next; null when that is not known.</param>
    /// <returns>The file, with zeros up to the next block. Valid until another one is asked for.</returns>
    /// <exception cref="DiskException">It cannot be read.</exception>
    public ReadOnlySpan<byte> Read(string path, string? next)
    {
        if (_current?.Path == path)
        {
            return _current.Bytes;
        }

        // Two buffers for all files: memory that was touched before is read into faster.
        AlignedBuffer? spare = _current?.GiveBuffer();
        _current = null;
        if (TakeAhead(path) is { } file)
        {
            _current = file;
        }
        else
        {
            _current = WholeFile.Read(disk, path, spare);
            spare = null;
        }

        if (next is not null && workers is not null)
        {
            _worker ??= workers.Start("journal reader");
            var ahead = new WholeFile(next);
            AlignedBuffer? buffer = spare;
            spare = null;
            _ahead = ahead;
            _worker.Post(() => ahead.ReadNow(disk, buffer));
        }

        spare?.Dispose();
        return _current.Bytes;
    }

    /// <summary>The file that was asked for last, if it is this one.</summary>
    public bool TryGetCurrent(string path, out ReadOnlySpan<byte> bytes)
    {
        bytes = _current?.Path == path ? _current.Bytes : default;
        return _current?.Path == path;
    }

    public void Dispose()
    {
        _worker?.Dispose();
        _current?.Dispose();
        _ahead?.Dispose();
    }

    private WholeFile? TakeAhead(string path)
    {
        if (_ahead is not { } file)
        {
            return null;
        }

        _worker!.WaitUntil(() => file.IsRead);
        _ahead = null;
        if (file.Path != path)
        {
            file.Dispose();
            return null;
        }

        file.ThrowIfFailed();
        return file;
    }
}
