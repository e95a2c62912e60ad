using Broker.Checker.Histories;

namespace Broker.Checker.Evidence;

/// <summary>Every record that was sent, once, however often it was sent again.</summary>
internal sealed class WriteSet
{
    private readonly Dictionary<RecordId, int> _byId;
    private readonly Write[] _writes;
    private readonly List<RetryMismatch> _mismatches = [];

    // By operation: where its records begin among the writes. They stand together; a retry has none of its own.
    private readonly int[] _firstOf;

    /// <exception cref="HistoryException">A value was sent twice, and not as a retry.</exception>
    public WriteSet(History history)
    {
        _firstOf = new int[history.Operations.Length];
        _writes = new Write[history.Operations.Sum(operation => operation.IsRetry ? 0 : operation.Sends.Length)];
        _byId = new Dictionary<RecordId, int>(_writes.Length);
        foreach (Operation operation in history.Operations)
        {
            _firstOf[operation.Ordinal] = _byId.Count;
            if (!operation.IsRetry)
            {
                AddAll(operation);
            }
        }

        foreach (Operation operation in history.Operations)
        {
            NoteAcks(operation);
        }
    }

    public Span<Write> All => _writes;

    public IReadOnlyList<RetryMismatch> RetryMismatches => _mismatches;

    public bool TryFind(int key, long value, out int write) => _byId.TryGetValue(new RecordId(key, value), out write);

    /// <summary>The records that an operation sent first, in its order; none for a retry.</summary>
    public ReadOnlySpan<Write> Of(Operation operation) =>
        operation.IsRetry ? [] : All.Slice(_firstOf[operation.Ordinal], operation.Sends.Length);

    /// <summary>The operation that first sent what a retry sends.</summary>
    public int RootOf(Operation retry) => _writes[_byId[new RecordId(retry.Sends[0].Key, retry.Sends[0].Value)]].Operation;

    private void AddAll(Operation operation)
    {
        foreach (SentRecord sent in operation.Sends)
        {
            int index = _byId.Count;
            if (!_byId.TryAdd(new RecordId(sent.Key, sent.Value), index))
            {
                throw new HistoryException(
                    HistoryBuilder.LineOf(operation.InvokedAt), $"value {sent.Value} was sent to partition {sent.Key} before, and this is no retry");
            }

            _writes[index] = new Write
            {
                Operation = operation.Ordinal,
                Key = sent.Key,
                Value = sent.Value,
                AckedOffset = -1,
                AckedAt = Operation.Never,
                PolledOffset = -1,
                PolledAt = Operation.Never,
            };
        }
    }

    private void NoteAcks(Operation operation)
    {
        foreach (SentRecord sent in operation.Sends)
        {
            if (!TryFind(sent.Key, sent.Value, out int index))
            {
                throw new HistoryException(
                    HistoryBuilder.LineOf(operation.InvokedAt), $"nobody has sent value {sent.Value} to partition {sent.Key}, and this is a retry");
            }

            if (operation.IsOk && sent.Offset >= 0)
            {
                NoteAck(operation, index, sent.Offset);
            }
        }
    }

    private void NoteAck(Operation operation, int index, long offset)
    {
        ref Write write = ref _writes[index];
        if (write.AckedOffset >= 0 && write.AckedOffset != offset)
        {
            _mismatches.Add(new RetryMismatch(operation.Ordinal, index, offset));
        }

        if (operation.EndedAt < write.AckedAt)
        {
            (write.AckedOffset, write.AckedAt) = (offset, operation.EndedAt);
        }
    }
}
