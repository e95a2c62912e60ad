using System.Text.Json;

namespace Broker.Checker.Histories;

/// <summary>Reads a history. A last line that was cut off is left out: a harness that ends in the middle of a write leaves one.</summary>
internal static class HistoryReader
{
    /// <exception cref="HistoryException">It is no history, or a part of it is wrong: says in which line and what.</exception>
    public static History Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0, FileOptions.SequentialScan);
        return Read(file);
    }

    public static History Read(Stream stream)
    {
        var lines = new LineReader(stream);
        var parser = new EventParser();
        HistoryBuilder? builder = null;
        bool isTorn = false;
        while (lines.TryRead(out ReadOnlySpan<byte> line, out bool isWhole))
        {
            try
            {
                if (builder is null)
                {
                    builder = new HistoryBuilder(HeaderParser.Parse(line));
                }
                else
                {
                    builder.Add(parser.Parse(line));
                }
            }
            catch (JsonException) when (!isWhole)
            {
                isTorn = true;
            }
            catch (JsonException exception)
            {
                // The parser of .NET adds where in the line it stopped, which for a line of ours says little.
                throw new HistoryException(lines.LineNumber, exception.Message.Split(" LineNumber:")[0]);
            }
        }

        return (builder ?? new HistoryBuilder(new HistoryHeader())).Build(isTorn);
    }
}
