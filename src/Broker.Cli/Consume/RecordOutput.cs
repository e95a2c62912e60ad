using Broker.Cli.Terminal;

namespace Broker.Cli.Consume;

/// <summary>
/// Standard output in large writes. Owned by one command; a reader that has gone shows as ClosedPipeException.
/// </summary>
internal sealed class RecordOutput(Stream stream)
{
    // 256 KiB: four times a pipe's capacity, so that a fast reader never waits for small writes.
    private const int BufferBytes = 256 * 1024;

    private readonly byte[] _buffer = new byte[BufferBytes];
    private int _used;

    public void WriteLine(ReadOnlySpan<byte> line)
    {
        if (line.Length + 1 > BufferBytes - _used)
        {
            Flush();
            if (line.Length + 1 > BufferBytes)
            {
                stream.Write(line);
                stream.WriteByte((byte)'\n');
                return;
            }
        }

        line.CopyTo(_buffer.AsSpan(_used));
        _buffer[_used + line.Length] = (byte)'\n';
        _used += line.Length + 1;
    }

    public void Flush()
    {
        if (_used > 0)
        {
            stream.Write(_buffer, 0, _used);
            stream.Flush();
            _used = 0;
        }
    }

    /// <summary>Throws when nobody reads any more; asked while idle, when no write would find out.</summary>
    public void CheckReader()
    {
        if (stream is StandardOutput && StandardOutput.ReaderIsGone())
        {
            throw new ClosedPipeException();
        }
    }
}
