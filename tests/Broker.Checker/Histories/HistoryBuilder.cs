namespace Broker.Checker.Histories;

/// <summary>
/// Joins the two events of each call, and refuses what no harness may write: whoever judges a history need not ask again.
/// </summary>
internal sealed class HistoryBuilder(HistoryHeader header)
{
    private const int HeaderLines = 1;

    // An operation has its place from its beginning on, and is made when it has come to its end.
    private readonly List<Operation?> _operations = [];
    private readonly List<int> _operationOfEvent = [];
    private readonly Dictionary<int, (int Ordinal, HistoryEvent Invoke)> _open = [];
    private readonly Dictionary<int, long> _retired = [];
    private long _lastNs;
    private int _keyMax = -1;

    /// <summary>The line in which an event stands.</summary>
    public static long LineOf(long eventNumber) => eventNumber + 1 + HeaderLines;

    /// <exception cref="HistoryException">It cannot come here.</exception>
    public void Add(HistoryEvent next)
    {
        long line = LineOf(_operationOfEvent.Count);
        if (Objection(next) is { } objection)
        {
            throw new HistoryException(line, objection);
        }

        _lastNs = next.TimeNs;
        NoteKeys(next);
        if (next.Kind == EventKind.Invoke)
        {
            _open.Add(next.Process, (_operations.Count, next));
            _operationOfEvent.Add(_operations.Count);
            _operations.Add(null);
            return;
        }

        _open.Remove(next.Process, out (int Ordinal, HistoryEvent Invoke) open);
        _operationOfEvent.Add(open.Ordinal);
        _operations[open.Ordinal] = new Operation(open.Ordinal, open.Invoke, next);
        if (next.Kind == EventKind.Info)
        {
            _retired.Add(next.Process, line);
        }
    }

    public History Build(bool isTorn)
    {
        foreach ((int ordinal, HistoryEvent invoke) in _open.Values)
        {
            _operations[ordinal] = new Operation(ordinal, invoke, completion: null);
        }

        return new History(header, [.. _operations.Select(operation => operation!)], [.. _operationOfEvent], _keyMax + 1, isTorn);
    }

    private string? Objection(HistoryEvent next)
    {
        if (next.Index != _operationOfEvent.Count)
        {
            return $"'i' is {next.Index}, {_operationOfEvent.Count} comes next";
        }

        if (next.TimeNs < _lastNs)
        {
            return $"'t' goes back from {_lastNs} to {next.TimeNs}";
        }

        if (next.Kind == EventKind.Invoke)
        {
            return ObjectionToInvoke(next);
        }

        if (!_open.TryGetValue(next.Process, out (int Ordinal, HistoryEvent Invoke) open))
        {
            return $"process {next.Process} has no call under way that could end";
        }

        return ObjectionToCompletion(open.Invoke, next) ?? ObjectionToContent(next, open.Invoke);
    }

    private string? ObjectionToInvoke(HistoryEvent next)
    {
        if (_retired.TryGetValue(next.Process, out long ended))
        {
            return $"process {next.Process} has ended with the info in line {ended}";
        }

        if (_open.TryGetValue(next.Process, out (int Ordinal, HistoryEvent Invoke) open))
        {
            return $"process {next.Process} has a call under way since line {LineOf(open.Invoke.Index)}";
        }

        return ObjectionToContent(next, next);
    }

    private static string? ObjectionToCompletion(HistoryEvent invoke, HistoryEvent completion)
    {
        if (completion.Function != invoke.Function)
        {
            return $"{Names.Of(completion.Function)} ends the {Names.Of(invoke.Function)} of line {LineOf(invoke.Index)}";
        }

        if (completion.Function == Function.Crash && completion.Kind != EventKind.Info)
        {
            return "a crash ends with info";
        }

        if (completion.Sends.Length > 0 && Forgotten(invoke.Sends, completion.Sends) is { } forgotten)
        {
            return $"value {forgotten.Value} for partition {forgotten.Key}, sent in line {LineOf(invoke.Index)}, is not named at the end";
        }

        return completion.Function == Function.Send && completion.Sends.Length > invoke.Sends.Length
            ? $"the end names more records than line {LineOf(invoke.Index)}"
            : null;
    }

    /// <summary>A transaction may name at its end what it could not know at its beginning, not leave out what it knew.</summary>
    private static SentRecord? Forgotten(SentRecord[] sends, SentRecord[] namedAtEnd)
    {
        int at = 0;
        foreach (SentRecord sent in sends)
        {
            while (at < namedAtEnd.Length && (namedAtEnd[at].Key != sent.Key || namedAtEnd[at].Value != sent.Value))
            {
                at++;
            }

            if (at++ == namedAtEnd.Length)
            {
                return sent;
            }
        }

        return null;
    }

    /// <summary>What a call of this kind cannot have, or must.</summary>
    private static string? ObjectionToContent(HistoryEvent next, HistoryEvent invoke)
    {
        string name = Names.Of(next.Function);
        bool isOk = next.Kind == EventKind.Ok;
        return next.Function switch
        {
            not (Function.Send or Function.Txn) when next.Sends.Length > 0 => $"{name} sends nothing",
            not (Function.Poll or Function.Txn) when next.Polls.Length > 0 => $"{name} polls nothing",
            not Function.ListOffsets when next.Ends.Length > 0 => $"{name} has no ends",
            Function.Poll or Function.Send or Function.ListOffsets when next.Positions.Length > 0 => $"{name} has no positions",
            Function.Send when Array.Exists(next.Sends, sent => sent.Key != next.Sends[0].Key) => "a send is one batch, for one partition",
            not Function.Send when next.IsRetry => $"{name} is no retry: only a send is",
            Function.Send when next.Kind == EventKind.Invoke && next.Sends.Length == 0 => "a send needs a record",
            Function.CommitOffsets or Function.FetchOffsets or Function.Txn when next.Positions.Length > 0 && (next.Group ?? invoke.Group) is null =>
                "offsets need a 'group'",
            Function.FetchOffsets when isOk && next.Positions.Length == 0 => "an answered fetchOffsets needs its offsets",
            Function.InitProducer when isOk && (next.ProducerId < 0 || next.Epoch < 0) => "a producer that was given needs 'pid' and 'ep'",
            Function.EndTxn when invoke.ProducerId < 0 || invoke.Epoch < 0 || invoke.TransactionNumber < 0 => "endTxn needs 'pid', 'ep' and 'txn'",
            Function.EndTxn when isOk && next.Committed is null => "an answered endTxn needs 'committed'",
            _ => null,
        };
    }

    private void NoteKeys(HistoryEvent next)
    {
        foreach (SentRecord sent in next.Sends)
        {
            _keyMax = Math.Max(_keyMax, Math.Max(sent.Key, sent.SourceKey));
        }

        foreach (PolledRecord polled in next.Polls)
        {
            _keyMax = Math.Max(_keyMax, polled.Key);
        }

        foreach (PartitionPosition position in next.Positions)
        {
            _keyMax = Math.Max(_keyMax, position.Key);
        }

        foreach (PartitionEnds ends in next.Ends)
        {
            _keyMax = Math.Max(_keyMax, ends.Key);
        }
    }
}
