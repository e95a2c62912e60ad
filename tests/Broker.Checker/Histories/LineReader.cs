namespace Broker.Checker.Histories;

/// <summary>The lines of a stream, without copying each.</summary>
internal sealed class LineReader(Stream stream)
{
    private const int FirstBufferBytes = 1 << 20;

    // A poll of a hundred thousand records has some 3 MB. What is far larger is no history, and is not to fill the memory.
    private const int LineBytesMax = 1 << 28;

    private byte[] _buffer = new byte[FirstBufferBytes];
    private int _start;
    private int _end;

    /// <summary>The number of the line that was read last, from 1 on.</summary>
    public long LineNumber { get; private set; }

    /// <param name="line">Valid until the next call; without its end.</param>
    /// <param name="isWhole">False for a last line that does not end.</param>
    /// <returns>False when there is no more.</returns>
    public bool TryRead(out ReadOnlySpan<byte> line, out bool isWhole)
    {
        int searched = 0;
        while (true)
        {
            int length = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (length >= 0)
            {
                isWhole = true;
                line = Take(searched + length, ending: 1);
                return true;
            }

            searched = _end - _start;
            if (!Fill())
            {
                isWhole = false;
                line = Take(searched, ending: 0);
                return searched > 0;
            }
        }
    }

    private ReadOnlySpan<byte> Take(int length, int ending)
    {
        ReadOnlySpan<byte> line = _buffer.AsSpan(_start, length);
        _start += length + ending;
        LineNumber++;
        return line;
    }

    /// <summary>Reads on behind what there is, which moves to the front.</summary>
    private bool Fill()
    {
        if (_end - _start > LineBytesMax)
        {
            throw new HistoryException(LineNumber + 1, $"longer than {LineBytesMax} bytes");
        }

        byte[] target = _end - _start > _buffer.Length / 2 ? new byte[_buffer.Length * 2] : _buffer;
        Buffer.BlockCopy(_buffer, _start, target, 0, _end - _start);
        (_buffer, _start, _end) = (target, 0, _end - _start);
        int read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        return read > 0;
    }
}
