using Broker.Checker.Histories;

namespace Broker.Checker.Evidence;

/// <summary>
/// Notes for each write where it was polled, and keeps what does not fit. Counts every poll, also of operations that failed
/// afterwards: whoever reads must only ever see what is committed.
/// </summary>
internal sealed class Sightings
{
    private readonly HashSet<(int Key, long Offset, long Value)> _seen = [];
    private readonly List<Sighting> _again = [], _fabricated = [], _corrupt = [], _tooEarly = [];

    public Sightings(History history, WriteSet writes)
    {
        foreach (Operation operation in history.Operations)
        {
            foreach (PolledRecord polled in operation.Polls)
            {
                Note(history, writes, operation, polled);
            }

            RecordsOfOkPolls += operation.IsOk ? operation.Polls.Length : 0;
        }
    }

    /// <summary>Records that were polled at another offset than the first time.</summary>
    public IReadOnlyList<Sighting> Again => _again;

    /// <summary>Records that nobody sent to this partition.</summary>
    public IReadOnlyList<Sighting> Fabricated => _fabricated;

    /// <summary>Records whose payload is that of no value.</summary>
    public IReadOnlyList<Sighting> Corrupt => _corrupt;

    /// <summary>Records whose poll had ended when they were sent.</summary>
    public IReadOnlyList<Sighting> TooEarly => _tooEarly;

    public long RecordsOfOkPolls { get; }

    /// <summary>Somebody has read a broken payload there.</summary>
    public bool IsCorrupt(int key, long offset) => _seen.Contains((key, offset, PolledRecord.NoValue));

    private void Note(History history, WriteSet writes, Operation operation, PolledRecord polled)
    {
        if (polled.Value == PolledRecord.NoValue)
        {
            Keep(_corrupt, new Sighting(operation.Ordinal, polled.Key, polled.Offset, polled.Value, Write: -1));
            return;
        }

        if (!writes.TryFind(polled.Key, polled.Value, out int index))
        {
            Keep(_fabricated, new Sighting(operation.Ordinal, polled.Key, polled.Offset, polled.Value, Write: -1));
            return;
        }

        ref Write write = ref writes.All[index];
        var sighting = new Sighting(operation.Ordinal, polled.Key, polled.Offset, polled.Value, index);
        if (!write.IsPolled)
        {
            write.PolledOffset = polled.Offset;
        }
        else if (write.PolledOffset != polled.Offset)
        {
            Keep(_again, sighting);
        }

        write.PolledAt = Math.Min(write.PolledAt, operation.EndedAt);
        if (operation.EndedAt < history.Operations[write.Operation].InvokedAt)
        {
            _tooEarly.Add(sighting);
        }
    }

    /// <summary>Once for each record, however many poll it.</summary>
    private void Keep(List<Sighting> kept, Sighting sighting)
    {
        if (_seen.Add((sighting.Key, sighting.Offset, sighting.Value)))
        {
            kept.Add(sighting);
        }
    }
}
