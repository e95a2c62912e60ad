using Broker.Engine.Producers;

namespace Broker.Engine.Transactions;

/// <summary>The transactions of one producer: the open one, and how the last ones ended. Guarded by the sequencer's lock.</summary>
internal sealed class ProducerTransactions(NamedProducer producer)
{
    private long _abortedUpTo;

    public NamedProducer Producer => producer;

    public OpenTransaction? Open { get; set; }

    /// <summary>The newest that was committed, as decided.</summary>
    public TransactionOutcome? Committed { get; set; }

    /// <summary>The same as applied; the journal's thread only.</summary>
    public TransactionOutcome? Applied { get; set; }

    /// <summary>On the list of those that the next checkpoint writes; the journal's thread only.</summary>
    public bool IsDirty { get; set; }

    /// <summary>Why the newest that was aborted in this run and epoch came to nothing.</summary>
    public AbortCause AbortCause { get; private set; }

    /// <summary>Every transaction of this epoch up to this number has come to its end.</summary>
    public long EndedUpTo => Math.Max(_abortedUpTo, Committed is { } last && last.Epoch == producer.Epoch ? last.Number : 0);

    public bool HasCommitted(int epoch, long number) => Committed is { } last && last.Epoch == epoch && last.Number == number;

    /// <summary>Whether a transaction would be the newest committed one, had it been committed.</summary>
    public bool IsBehindCommitted(int epoch, long number) =>
        Committed is not { } last || (epoch, number).CompareTo((last.Epoch, last.Number)) > 0;

    public void NoteAborted(long number, AbortCause cause)
    {
        _abortedUpTo = Math.Max(_abortedUpTo, number);
        AbortCause = cause;
    }

    /// <summary>A transaction begins: those with smaller numbers can begin no more.</summary>
    public void NoteLeftBehind(long number)
    {
        if (number - 1 > EndedUpTo)
        {
            NoteAborted(number - 1, AbortCause.LeftBehind);
        }
    }

    /// <summary>A new epoch counts anew; whoever still has the old one is refused for that.</summary>
    public void BeginEpoch() => _abortedUpTo = 0;
}
