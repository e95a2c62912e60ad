namespace Broker.Cli.Input;

/// <summary>
/// Cuts a stream into lines, block by block. A line is what stands before a '\n', every other byte kept; the last one may
/// lack its newline. Lines are views of the block and are valid until the next block is read. Single-threaded.
/// </summary>
internal sealed class LineReader(Stream stream, int blockBytes = 256 * 1024, int lineBytesMax = 64 * 1024 * 1024)
{
    private readonly byte[] _readBlock = new byte[blockBytes];
    private byte[] _pending = new byte[blockBytes];
    private int _start;
    private int _scanned;
    private int _end;
    private bool _isAtEnd;

    /// <summary>The number of the line returned last, from 1.</summary>
    public long LineNumber { get; private set; }

    /// <summary>Bytes taken from the stream.</summary>
    public long ReadBytes { get; private set; }

    /// <summary>Waits for more bytes; false when there are none and no line is left.</summary>
    public async ValueTask<bool> ReadBlockAsync(CancellationToken cancellation)
    {
        if (_isAtEnd)
        {
            return false;
        }

        // A read from a terminal or pipe cannot be cancelled: it is left behind, with a buffer of its own.
        Task<int> read = Task.Run(() => stream.Read(_readBlock), CancellationToken.None);
        int count = await read.WaitAsync(cancellation).ConfigureAwait(false);
        ReadBytes += count;
        _isAtEnd = count == 0;
        MakeRoom(count);
        _readBlock.AsSpan(0, count).CopyTo(_pending.AsSpan(_end));
        _end += count;
        return true;
    }

    /// <summary>The next whole line of what was read.</summary>
    public bool TryReadLine(out ReadOnlyMemory<byte> line)
    {
        int newline = _pending.AsSpan(_scanned, _end - _scanned).IndexOf((byte)'\n');
        if (newline >= 0)
        {
            int end = _scanned + newline;
            line = _pending.AsMemory(_start, end - _start);
            _start = _scanned = end + 1;
            LineNumber++;
            return true;
        }

        _scanned = _end;
        if (_isAtEnd && _start < _end)
        {
            line = _pending.AsMemory(_start, _end - _start);
            _start = _scanned = _end;
            LineNumber++;
            return true;
        }

        if (_end - _start > lineBytesMax)
        {
            throw new CliException($"line {LineNumber + 1} is longer than {lineBytesMax:N0} bytes");
        }

        line = default;
        return false;
    }

    private void MakeRoom(int wantedBytes)
    {
        int length = _end - _start;
        byte[] target = _pending.Length - length >= wantedBytes
            ? _pending
            : new byte[Math.Max(_pending.Length * 2L, length + (long)wantedBytes)];
        if (_start > 0 || !ReferenceEquals(target, _pending))
        {
            _pending.AsSpan(_start, length).CopyTo(target);
            _pending = target;
            _scanned -= _start;
            _start = 0;
            _end = length;
        }
    }
}
