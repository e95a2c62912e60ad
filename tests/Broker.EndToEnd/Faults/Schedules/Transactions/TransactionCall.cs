using Broker.Client;
using Broker.Protocol.V1;

namespace Broker.EndToEnd.Faults.Schedules.Transactions;

/// <summary>A call as the history knows it.</summary>
/// <param name="epoch">Under which it was made; for an opening the one that it was given.</param>
/// <param name="isAfterRestart">The broker has been killed since the transaction was begun.</param>
internal sealed class TransactionCall(TransactionStep step, int epoch, long sentAt, bool isAfterRestart = false) : ScheduledCall(sentAt)
{
    public TransactionStep Step => step;

    public CallKind Kind => step.Kind;

    public int Epoch => epoch;

    public int Number => step.Number;

    public bool IsAfterRestart => isAfterRestart;

    /// <summary>Why it was refused; null when it was not.</summary>
    public string? Refusal { get; private set; }

    /// <summary>A batch that the broker had already.</summary>
    public bool IsDuplicate { get; private set; }

    /// <summary>What it was told of where the transaction is.</summary>
    public TransactionCommit? Commit { get; private set; }

    public bool IsDone => AnsweredAt != long.MaxValue && Refusal is null;

    /// <summary>The answer says that nothing of the transaction is, or ever will be, written.</summary>
    public bool SaysAborted =>
        Refusal == ErrorReasons.TransactionAbortable || (IsDone && Commit is null && Kind is (CallKind.Abort or CallKind.Outcome));

    public void Answer(long at, string? refusal = null, TransactionCommit? commit = null, bool isDuplicate = false) =>
        (AnsweredAt, Refusal, Commit, IsDuplicate) = (at, refusal, commit, isDuplicate);

    public override string ToString() =>
        $"epoch {epoch} {Kind} {Number}{(Kind == CallKind.Send ? $" {step.Slot}/{step.Batch}" : "")}: "
        + (AnsweredAt == long.MaxValue ? "no answer" : Refusal ?? (IsDuplicate ? "duplicate" : Commit is { } commit ? $"committed {commit.Lsn}" : "done"));
}
