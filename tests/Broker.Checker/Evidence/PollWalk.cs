using Broker.Checker.Histories;

namespace Broker.Checker.Evidence;

/// <summary>
/// Follows every reader from record to record: where the next one was not the next offset, what has been gone over, which
/// partitions were read from end to end. A reader's place moves on with operations that are ok, as it must when a transaction
/// that aborted is done again; what others polled is judged by itself.
/// </summary>
internal sealed class PollWalk
{
    // Far shorter than anything that counts as one: keeps the list short.
    private const long StandstillNsMin = 1_000_000_000;

    private readonly LogBounds _bounds;
    private readonly Dictionary<int, Dictionary<int, ReaderPlace>> _places = [];
    private readonly Dictionary<int, Operation> _lastPolls = [];
    private readonly Coverage[] _coverage;
    private readonly bool[] _isDrained;
    private readonly List<PollJump> _jumps = [];
    private readonly List<Standstill> _standstills = [];

    public PollWalk(History history, LogBounds bounds)
    {
        _bounds = bounds;
        _coverage = new Coverage[history.KeyCount];
        _isDrained = new bool[history.KeyCount];
        for (int key = 0; key < history.KeyCount; key++)
        {
            _coverage[key] = new Coverage();
        }

        foreach (Operation operation in history.Operations)
        {
            Follow(operation);
        }

        foreach (int process in _places.Keys)
        {
            LeaveAll(process);
        }
    }

    public IReadOnlyList<PollJump> Jumps => _jumps;

    public IReadOnlyList<Standstill> Standstills => _standstills;

    /// <summary>Some reader got records before this offset and after it, or this one.</summary>
    public bool HasPassed(int key, long offset) => _coverage[key].Has(offset);

    /// <summary>After the last write, a reader went from the log start to the high watermark.</summary>
    public bool IsDrained(int key) => _isDrained[key];

    private void Follow(Operation operation)
    {
        switch (operation.Function)
        {
            case Function.Assign when operation.IsOk:
                LeaveAll(operation.Process);
                Assign(operation);
                break;
            case Function.Subscribe when operation.IsOk:
                LeaveAll(operation.Process);
                break;
            case Function.Poll or Function.Txn when operation.IsOk:
                foreach (int key in operation.Rebalanced)
                {
                    Leave(operation.Process, key);
                }

                Dictionary<int, ReaderPlace> places = PlacesOf(operation.Process);
                Walk(operation, places);
                _lastPolls[operation.Process] = operation;
                foreach (int key in operation.Rebalanced)
                {
                    // When in the course of the call it was taken or given, nobody knows.
                    places.Remove(key);
                }

                break;
            case Function.Poll or Function.Txn when operation.Polls.Length > 0:
                Dictionary<int, ReaderPlace> own = [];
                Walk(operation, own);
                Cover(own);
                break;
        }
    }

    private void Assign(Operation operation)
    {
        Dictionary<int, ReaderPlace> places = PlacesOf(operation.Process);
        foreach (PartitionPosition each in operation.Positions)
        {
            var place = new ReaderPlace
            {
                Next = each.Position,
                CoveredFrom = each.Position,
                SinceNs = operation.EndedNs,
                IsDrain = operation.InvokedAt > _bounds.LastWriteAt && each.Position >= 0 && each.Position <= _bounds.LogStart(each.Key),
            };
            places[each.Key] = place;
            NoteDrain(each.Key, place);
        }
    }

    private void Walk(Operation operation, Dictionary<int, ReaderPlace> places)
    {
        foreach (PolledRecord polled in operation.Polls)
        {
            if (Array.IndexOf(operation.Rebalanced, polled.Key) >= 0)
            {
                continue;
            }

            if (!places.TryGetValue(polled.Key, out ReaderPlace? place))
            {
                places.Add(polled.Key, place = new ReaderPlace());
            }

            Step(operation, polled, place);
            NoteDrain(polled.Key, place);
        }
    }

    private void Step(Operation operation, PolledRecord polled, ReaderPlace place)
    {
        // What retention has freed is no jump.
        long expected = Math.Max(place.Next, Math.Min(polled.Offset, _bounds.LogStart(polled.Key)));
        if (place.Next >= 0 && polled.Offset != expected)
        {
            _jumps.Add(new PollJump(operation.Ordinal, polled.Key, expected, polled.Offset, place.LastOperation == operation.Ordinal));
        }

        if (place.Next < 0 || polled.Offset < place.Next)
        {
            _coverage[polled.Key].Add(place.CoveredFrom, place.Next);
            place.CoveredFrom = polled.Offset;
        }

        place.Next = polled.Offset + 1;
        place.LastOperation = operation.Ordinal;
        place.SinceNs = operation.EndedNs;
    }

    private void NoteDrain(int key, ReaderPlace place)
    {
        long end = _bounds.EndAfterWrites(key);
        _isDrained[key] |= place.IsDrain && end >= 0 && place.Next >= end;
    }

    private Dictionary<int, ReaderPlace> PlacesOf(int process)
    {
        if (!_places.TryGetValue(process, out Dictionary<int, ReaderPlace>? places))
        {
            _places.Add(process, places = []);
        }

        return places;
    }

    private void LeaveAll(int process)
    {
        foreach (int key in PlacesOf(process).Keys)
        {
            Leave(process, key);
        }
    }

    private void Leave(int process, int key)
    {
        if (!PlacesOf(process).Remove(key, out ReaderPlace? place))
        {
            return;
        }

        _coverage[key].Add(place.CoveredFrom, place.Next);
        if (place.Next >= 0 && _lastPolls.TryGetValue(process, out Operation? last) && last.EndedNs - place.SinceNs >= StandstillNsMin)
        {
            _standstills.Add(new Standstill(last.Ordinal, key, place.Next, place.SinceNs, last.EndedNs));
        }
    }

    private void Cover(Dictionary<int, ReaderPlace> places)
    {
        foreach ((int key, ReaderPlace place) in places)
        {
            _coverage[key].Add(place.CoveredFrom, place.Next);
        }
    }
}
