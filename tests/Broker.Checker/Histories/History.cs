namespace Broker.Checker.Histories;

/// <summary>All calls of a run.</summary>
internal sealed class History
{
    private readonly int[] _operationOfEvent;

    /// <param name="operations">By their beginning.</param>
    /// <param name="operationOfEvent">For each event the ordinal of its operation.</param>
    /// <param name="keyCount">Every partition's number is below it.</param>
    /// <param name="isTorn">The last line was cut off and has been left out.</param>
    public History(HistoryHeader header, Operation[] operations, int[] operationOfEvent, int keyCount, bool isTorn)
    {
        Header = header;
        Operations = operations;
        _operationOfEvent = operationOfEvent;
        KeyCount = keyCount;
        IsTorn = isTorn;
    }

    public HistoryHeader Header { get; }

    public Operation[] Operations { get; }

    public int KeyCount { get; }

    public bool IsTorn { get; }

    public int EventCount => _operationOfEvent.Length;

    public Operation OperationAt(int eventNumber) => Operations[_operationOfEvent[eventNumber]];

    public string NameOf(int key) => Header.Names.TryGetValue(key, out string? name) ? name : $"partition {key}";
}
