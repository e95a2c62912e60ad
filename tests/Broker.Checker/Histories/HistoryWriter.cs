using System.Buffers;
using System.Text.Json;

namespace Broker.Checker.Histories;

/// <summary>
/// Appends events to a history: one before each call, one after it. Numbers and times are taken here, in the order of the lines,
/// so that the order of events is the order of time.
/// </summary>
/// <remarks>Any thread may write. Lines are gathered in memory: <see cref="Flush"/> and <see cref="Dispose"/> hand them to the disk.</remarks>
internal sealed class HistoryWriter : IDisposable
{
    // Some hundred lines for each write of the file.
    private const int BufferBytes = 64 * 1024;

    private const long NanosecondsPerSecond = 1_000_000_000;

    private readonly Lock _lock = new();
    private readonly ArrayBufferWriter<byte> _buffer = new(BufferBytes);
    private readonly Utf8JsonWriter _json;
    private readonly Stream _stream;
    private readonly TimeProvider _time;
    private long _events;

    /// <param name="stream">Appended to, and disposed of with the writer.</param>
    public HistoryWriter(Stream stream, HistoryHeader header, TimeProvider time)
    {
        _stream = stream;
        _time = time;
        _json = new Utf8JsonWriter(_buffer);
        EventFormat.Write(_json, header);
        EndLine();
    }

    /// <summary>Hands each line to the system at once: then a kill of this process takes none that was written.</summary>
    public bool WritesThrough { get; init; }

    /// <summary>Now, on the clock of the events.</summary>
    public long NowNs => (long)((Int128)_time.GetTimestamp() * NanosecondsPerSecond / _time.TimestampFrequency);

    /// <summary>Begins a file; one that is there is replaced.</summary>
    public static HistoryWriter Create(string path, HistoryHeader header, bool writesThrough = false) =>
        new(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, bufferSize: 0), header, TimeProvider.System)
        {
            WritesThrough = writesThrough,
        };

    public void Write(HistoryEvent written)
    {
        lock (_lock)
        {
            Write(written, NowNs);
        }
    }

    /// <summary>Appends what happened in another process, which has taken the time; never less than before.</summary>
    public void WriteAt(HistoryEvent written, long timeNs)
    {
        lock (_lock)
        {
            Write(written, timeNs);
        }
    }

    /// <summary>Returns when everything written so far is on the disk.</summary>
    public void Flush()
    {
        lock (_lock)
        {
            WriteOut();
            (_stream as FileStream)?.Flush(flushToDisk: true);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            WriteOut();
            _json.Dispose();
            _stream.Dispose();
        }
    }

    private void Write(HistoryEvent written, long timeNs)
    {
        EventFormat.Write(_json, written, index: _events++, timeNs);
        EndLine();
    }

    private void EndLine()
    {
        _json.Flush();
        _json.Reset();
        _buffer.Write("\n"u8);
        if (WritesThrough || _buffer.WrittenCount >= BufferBytes)
        {
            WriteOut();
        }
    }

    private void WriteOut()
    {
        _stream.Write(_buffer.WrittenSpan);
        _buffer.ResetWrittenCount();
    }
}
