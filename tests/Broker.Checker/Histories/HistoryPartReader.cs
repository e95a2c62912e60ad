using System.Text.Json;

namespace Broker.Checker.Histories;

/// <summary>
/// The events of one part, one after the other; after the last line of a process that was killed, the end of each call that it had
/// under way. A last line that was cut off is left out, also when it is the first.
/// </summary>
internal sealed class HistoryPartReader(HistoryPart part) : IDisposable
{
    private readonly FileStream _file = new(
        part.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, FileOptions.SequentialScan);
    private readonly EventParser _parser = new();
    private readonly Dictionary<int, HistoryEvent> _underWay = [];
    private LineReader? _lines;
    private bool _isAtEnd;

    public HistoryEvent Current { get; private set; } = null!;

    public bool MoveNext()
    {
        if (!_isAtEnd && TryReadLine())
        {
            return true;
        }

        _isAtEnd = true;
        if (part.EndedNs is not { } endedNs || _underWay.Count == 0)
        {
            return false;
        }

        HistoryEvent call = _underWay.First().Value;
        _underWay.Remove(call.Process);
        Current = call with { Kind = EventKind.Info, TimeNs = endedNs, Error = "the client was killed" };
        return true;
    }

    public void Dispose() => _file.Dispose();

    private bool TryReadLine()
    {
        if (_lines is null)
        {
            _lines = new LineReader(_file);
            if (!TryParse(line => HeaderParser.Parse(line)))
            {
                return false;
            }
        }

        if (!TryParse(line => Current = _parser.Parse(line)))
        {
            return false;
        }

        if (Current.Kind == EventKind.Invoke)
        {
            _underWay[Current.Process] = Current;
        }
        else
        {
            _underWay.Remove(Current.Process);
        }

        return true;
    }

    /// <returns>False when there is no whole line.</returns>
    private bool TryParse(Action<ReadOnlySpan<byte>> parse)
    {
        if (!_lines!.TryRead(out ReadOnlySpan<byte> line, out bool isWhole))
        {
            return false;
        }

        try
        {
            parse(line);
            return true;
        }
        catch (JsonException) when (!isWhole)
        {
            return false;
        }
        catch (JsonException exception)
        {
            throw new HistoryException(_lines.LineNumber, $"{part.Path}: {exception.Message}");
        }
    }
}
