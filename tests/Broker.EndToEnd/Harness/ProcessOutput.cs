using System.Diagnostics;

namespace Broker.EndToEnd.Harness;

/// <summary>What processes wrote to standard output and standard error, the last lines of it.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ProcessOutput
{
    // Enough for the banner and the reason of an exit; a run with thousands of lines keeps its end.
    private const int LinesMax = 400;

    private readonly Queue<string> _lines = new();

    public string Text
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public void Follow(Process process)
    {
        process.OutputDataReceived += (_, line) => Add(line.Data);
        process.ErrorDataReceived += (_, line) => Add(line.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public void Clear()
    {
        lock (_lines)
        {
            _lines.Clear();
        }
    }

    private void Add(string? line)
    {
        if (line is null)
        {
            return;
        }

        lock (_lines)
        {
            _lines.Enqueue(line);
            while (_lines.Count > LinesMax)
            {
                _lines.Dequeue();
            }
        }
    }
}
