using System.Collections;
using System.Runtime.CompilerServices;

namespace Broker.Engine.State;

/// <summary>What is left of one family after all changes: one put a key, in the order of the keys.</summary>
/// <remarks>
/// A checkpoint may change a million keys in any order. They are sorted once, as places in the bytes that were read: a tree of them
/// takes several times as long and, for each, more memory than the producer that it tells of.
/// </remarks>
internal sealed class StoredFamily : IReadOnlyList<StateChange>
{
    private readonly StateChanges _changes;
    private int[] _places;

    /// <param name="places">Of the family's changes, in their order; taken over.</param>
    public StoredFamily(StateChanges changes, int[] places)
    {
        _changes = changes;
        _places = places;
        Count = places.Length;
        if (!IsSettled())
        {
            Sort();
            Settle();
        }
    }

    public int Count { get; private set; }

    public StateChange this[int index] => _changes.At(_places[index]);

    public IEnumerator<StateChange> GetEnumerator()
    {
        for (int i = 0; i < Count; i++)
        {
            yield return this[i];
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>By key; of one key what deletes all that begins with it first, then the others in their order.</summary>
    private bool IsBefore(int x, int y)
    {
        int order = _changes.KeyAtPlace(x).SequenceCompareTo(_changes.KeyAtPlace(y));
        return order < 0 || (order == 0 && (DeletesPrefix(x) == DeletesPrefix(y) ? x < y : DeletesPrefix(x)));
    }

    /// <summary>Joins two neighbours among the runs that are in order already, until one is left: mostly they are few.</summary>
    private void Sort()
    {
        int[] joined = new int[_places.Length];
        int runs;
        do
        {
            runs = 0;
            for (int start = 0, middle, end; start < joined.Length; start = end, runs++)
            {
                middle = EndOfRun(start);
                end = middle < joined.Length ? EndOfRun(middle) : middle;
                Join(_places.AsSpan(start..middle), _places.AsSpan(middle..end), joined.AsSpan(start..end));
            }

            (_places, joined) = (joined, _places);
        }
        while (runs > 1);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int EndOfRun(int start)
    {
        int end = start + 1;
        while (end < _places.Length && IsBefore(_places[end - 1], _places[end]))
        {
            end++;
        }

        return end;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Join(ReadOnlySpan<int> left, ReadOnlySpan<int> right, Span<int> joined)
    {
        for (int at = 0; at < joined.Length; at++)
        {
            bool fromRight = left.IsEmpty || (!right.IsEmpty && IsBefore(right[0], left[0]));
            ref ReadOnlySpan<int> taken = ref fromRight ? ref right : ref left;
            joined[at] = taken[0];
            taken = taken[1..];
        }
    }

    private bool DeletesPrefix(int place) => _changes.KindAtPlace(place) == StateChangeKind.DeletePrefix;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private bool IsSettled()
    {
        for (int i = 0; i < _places.Length; i++)
        {
            if (_changes.KindAtPlace(_places[i]) != StateChangeKind.Put
                || (i > 0 && _changes.KeyAtPlace(_places[i - 1]).SequenceCompareTo(_changes.KeyAtPlace(_places[i])) >= 0))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Keeps the newest change of each key, if it is a put and what deletes its prefix came before it.</summary>
    private void Settle()
    {
        int kept = 0;

        // Prefixes are topics: none begins with another one.
        ReadOnlySpan<byte> prefix = [];
        int prefixDeletedAt = -1;
        for (int i = 0; i < _places.Length; i++)
        {
            int place = _places[i];
            ReadOnlySpan<byte> key = _changes.KeyAtPlace(place);
            if (DeletesPrefix(place))
            {
                prefix = key;
                prefixDeletedAt = place;
                continue;
            }

            bool isNewest = i + 1 == _places.Length || !_changes.KeyAtPlace(_places[i + 1]).SequenceEqual(key);
            bool isDeleted = _changes.KindAtPlace(place) == StateChangeKind.Delete || (place < prefixDeletedAt && key.StartsWith(prefix));
            if (isNewest && !isDeleted)
            {
                _places[kept++] = place;
            }
        }

        Count = kept;
    }
}
