using Broker.Engine.Transactions;

namespace Broker.Simulation.Model;

/// <summary>A transaction that was committed, and what the broker answered.</summary>
/// <param name="FirstLsn">Of its entries; the last is <see cref="TransactionOutcome.Lsn"/>.</param>
internal sealed record CommitModel(TransactionKey Key, long FirstLsn, TransactionOutcome Answer)
{
    public long Lsn => Answer.Lsn;
}
