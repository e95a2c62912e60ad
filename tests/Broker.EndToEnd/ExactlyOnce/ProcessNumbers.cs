namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>Numbers of logical processes. Each process that writes a part of the history has a range of its own.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ProcessNumbers(int first)
{
    // The upper bits of a value are the number of a process; the bits that there are allow for some hundred ranges.
    private const int FirstOfPrograms = 1_000_000, RangeOfProgram = 10_000;

    private int _last = first - 1;

    /// <summary>Of the process that judges.</summary>
    public static ProcessNumbers OfHarness() => new(first: 1);

    /// <summary>Of a program that is killed.</summary>
    /// <param name="life">How many were started before it.</param>
    public static ProcessNumbers OfProgram(int life) => new(FirstOfPrograms + (life * RangeOfProgram));

    public int Next() => Interlocked.Increment(ref _last);
}
