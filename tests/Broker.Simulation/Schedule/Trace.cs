namespace Broker.Simulation.Schedule;

/// <summary>What happened in a run: a hash of everything, and the last lines for people.</summary>
internal sealed class Trace(TextWriter? output)
{
    private const int LinesKept = 60;

    private readonly Queue<string> _last = new();

    public ulong Hash { get; private set; } = 0xCBF29CE484222325;

    public IEnumerable<string> Last => _last;

    public void Add(string what, string subject, long a, long b)
    {
        Mix(what);
        Mix(subject);
        Mix((ulong)a);
        Mix((ulong)b);
        string line = $"{what} {subject} {a} {b}";
        output?.WriteLine(line);
        _last.Enqueue(line);
        if (_last.Count > LinesKept)
        {
            _last.Dequeue();
        }
    }

    private void Mix(string text)
    {
        foreach (char letter in text)
        {
            Mix(letter);
        }
    }

    private void Mix(ulong value) => Hash = (Hash ^ value) * 0x100000001B3;
}
