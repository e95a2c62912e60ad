namespace Broker.Load.Values;

/// <summary>
/// Counts what comes back and finds out, without remembering any record, whether it is all that was sent, once and in order:
/// counters of one producer must rise within each partition, and their number, sum and sum of squares must be those of what
/// was sent.
/// </summary>
/// <remarks>Not thread-safe, except for the count.</remarks>
internal sealed class ConsumedTally
{
    private readonly int _producers;
    private readonly long[] _last;
    private readonly ulong[] _sums;
    private readonly ulong[] _squares;
    private readonly long[] _counts;
    private long _count;
    private string? _problem;

    public ConsumedTally(int producers, int partitions)
    {
        _producers = producers;
        _last = new long[producers * partitions];
        Array.Fill(_last, -1);
        _sums = new ulong[producers];
        _squares = new ulong[producers];
        _counts = new long[producers];
    }

    /// <summary>So far; from any thread.</summary>
    public long Count => Volatile.Read(ref _count);

    public void Add(int partition, long offset, ReadOnlySpan<byte> value)
    {
        _count++;
        (int producer, long counter) = value.Length < LoadValue.SizeBytesMin ? (-1, 0) : LoadValue.Number(value);
        if ((uint)producer >= (uint)_producers)
        {
            _problem ??= $"partition {partition} holds at offset {offset} a record that was not sent in this run";
            return;
        }

        ref long last = ref _last[(partition * _producers) + producer];
        if (counter <= last)
        {
            _problem ??= $"partition {partition} holds at offset {offset} record {counter} of producer {producer} after record {last}";
        }

        last = counter;
        _counts[producer]++;
        _sums[producer] += (ulong)counter;
        _squares[producer] += (ulong)counter * (ulong)counter;
    }

    /// <summary>Something that no record still to come can mend; null when there is nothing.</summary>
    public string? Problem => _problem;

    /// <summary>What is wrong when this is all there is; null when nothing is.</summary>
    /// <param name="sent">Of each producer, how many.</param>
    public string? ProblemAtEnd(IReadOnlyList<long> sent)
    {
        if (_problem is not null || Count != sent.Sum())
        {
            return _problem ?? $"{Count:N0} records came back, {sent.Sum():N0} were sent";
        }

        for (int producer = 0; producer < _producers; producer++)
        {
            (ulong sum, ulong squares) = SumsBelow((ulong)sent[producer]);
            if (_counts[producer] != sent[producer] || _sums[producer] != sum || _squares[producer] != squares)
            {
                return $"of producer {producer} other records came back than the {sent[producer]:N0} that were sent: some are lost and others doubled";
            }
        }

        return null;
    }

    /// <summary>Of 0 to count − 1, modulo 2^64.</summary>
    private static (ulong Sum, ulong Squares) SumsBelow(ulong count)
    {
        if (count == 0)
        {
            return (0, 0);
        }

        UInt128 n = count - 1;
        return ((ulong)(n * (n + 1) / 2), (ulong)(n * (n + 1) / 2 * ((2 * n) + 1) / 3));
    }
}
