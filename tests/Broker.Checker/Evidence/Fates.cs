using Broker.Checker.Histories;

namespace Broker.Checker.Evidence;

/// <summary>The fate of each operation, and from which event on it is known to have happened.</summary>
internal sealed class Fates
{
    private readonly Fate[] _fates;
    private readonly int[] _knownAt;
    private readonly List<(Operation Transaction, Operation Answer)> _contradictions = [];

    public Fates(History history, WriteSet writes)
    {
        _fates = [.. history.Operations.Select(operation => OfOutcome(operation.Outcome))];
        _knownAt = [.. history.Operations.Select(operation => operation.CompletedAt)];
        MergeRetries(history, writes);
        SettleTransactions(history);
    }

    /// <summary>Transactions with an answer that says the opposite of what was said before.</summary>
    public IReadOnlyList<(Operation Transaction, Operation Answer)> Contradictions => _contradictions;

    public Fate this[int operation] => _fates[operation];

    /// <summary>Number of the first event that shows that it happened; <see cref="Operation.Never"/> when none does.</summary>
    public int KnownAt(int operation) => _knownAt[operation];

    /// <summary>What was polled happened, and all that belongs to it.</summary>
    public void Prove(ReadOnlySpan<Write> writes)
    {
        foreach (Write write in writes)
        {
            if (write.IsPolled && _fates[write.Operation] != Fate.Aborted)
            {
                _fates[write.Operation] = Fate.Committed;
                _knownAt[write.Operation] = Math.Min(_knownAt[write.Operation], write.PolledAt);
            }
        }
    }

    private static Fate OfOutcome(EventKind outcome) => outcome switch
    {
        EventKind.Ok => Fate.Committed,
        EventKind.Fail => Fate.Aborted,
        _ => Fate.Unknown,
    };

    /// <summary>One attempt that succeeded suffices; all must have failed for none to have happened.</summary>
    private void MergeRetries(History history, WriteSet writes)
    {
        foreach (Operation retry in history.Operations)
        {
            if (!retry.IsRetry || retry.Sends.Length == 0)
            {
                continue;
            }

            int root = writes.RootOf(retry);
            _knownAt[root] = Math.Min(_knownAt[root], retry.CompletedAt);
            _fates[root] = (_fates[root], OfOutcome(retry.Outcome)) switch
            {
                (Fate.Committed, _) or (_, Fate.Committed) => Fate.Committed,
                (Fate.Aborted, Fate.Aborted) => Fate.Aborted,
                _ => Fate.Unknown,
            };
        }
    }

    private void SettleTransactions(History history)
    {
        Dictionary<(long, int, long), Operation> transactions = [];
        foreach (Operation operation in history.Operations)
        {
            if (operation.Function == Function.Txn && operation.TransactionNumber >= 0)
            {
                transactions.TryAdd(IdentityOf(operation), operation);
            }
            else if (operation is { Function: Function.EndTxn, IsOk: true, Committed: { } committed }
                && transactions.TryGetValue(IdentityOf(operation), out Operation? transaction))
            {
                Settle(transaction, operation, committed ? Fate.Committed : Fate.Aborted);
            }
        }
    }

    private void Settle(Operation transaction, Operation answer, Fate told)
    {
        ref Fate fate = ref _fates[transaction.Ordinal];
        if (fate == Fate.Unknown)
        {
            fate = told;
        }
        else if (fate != told)
        {
            _contradictions.Add((transaction, answer));
        }

        if (told == Fate.Committed)
        {
            _knownAt[transaction.Ordinal] = Math.Min(_knownAt[transaction.Ordinal], answer.EndedAt);
        }
    }

    private static (long, int, long) IdentityOf(Operation operation) =>
        (operation.ProducerId, operation.Epoch, operation.TransactionNumber);
}
