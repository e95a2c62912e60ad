namespace Broker.Checker.Evidence;

/// <summary>Which offsets of a partition some reader has gone over, from one record to a later one.</summary>
internal sealed class Coverage
{
    private readonly List<(long From, long UpTo)> _ranges = [];
    private bool _isSorted = true;

    public void Add(long from, long upTo)
    {
        if (from < upTo)
        {
            _ranges.Add((from, upTo));
            _isSorted = false;
        }
    }

    public bool Has(long offset)
    {
        if (!_isSorted)
        {
            Merge();
        }

        // The last range that begins at the offset or before it.
        int low = 0;
        int high = _ranges.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_ranges[middle].From <= offset)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low > 0 && offset < _ranges[low - 1].UpTo;
    }

    /// <summary>Sorted, and none touches the next.</summary>
    private void Merge()
    {
        _ranges.Sort();
        int kept = 0;
        foreach ((long from, long upTo) in _ranges.ToArray())
        {
            if (kept > 0 && from <= _ranges[kept - 1].UpTo)
            {
                _ranges[kept - 1] = (_ranges[kept - 1].From, Math.Max(_ranges[kept - 1].UpTo, upTo));
            }
            else
            {
                _ranges[kept++] = (from, upTo);
            }
        }

        _ranges.RemoveRange(kept, _ranges.Count - kept);
        _isSorted = true;
    }
}
