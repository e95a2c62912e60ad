using Broker.Checker.Evidence;
using Broker.Checker.Histories;
using Broker.Checker.Reports;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>What clients did that need more than an ack, and what the checker had to judge.</summary>
/// <param name="Calls">In the histories that were judged.</param>
/// <param name="RecordsRead">Each as often as somebody read it.</param>
/// <param name="Committed">Transactions that were told so at once.</param>
/// <param name="Aborted">Transactions that were aborted, on purpose or by what happened, and were told so.</param>
/// <param name="FoundCommitted">In doubt, and found to be committed.</param>
/// <param name="FoundAborted">In doubt, and found to be aborted.</param>
/// <param name="InDoubt">Of which nothing was found: of clients that were killed.</param>
/// <param name="Transforms">Committed ones that were made from what they read.</param>
/// <param name="FencedZombies">Instances that went on after their name was taken over, and were told.</param>
/// <param name="ClientKills">Processes of clients that were killed.</param>
internal sealed record ExactlyOnceReport(
    int Calls, long RecordsRead, int Committed, int Aborted, int FoundCommitted, int FoundAborted, int InDoubt, int Transforms, int FencedZombies,
    int ClientKills)
{
    public static ExactlyOnceReport None { get; } = new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

    /// <summary>All that is to happen has.</summary>
    public bool IsGood => Calls > 0 && RecordsRead > 0 && Committed > 0 && Aborted > 0 && FoundCommitted + FoundAborted > 0 && Transforms > 0
        && FencedZombies > 0 && ClientKills > 0;

    public static ExactlyOnceReport Of(Verdict verdict, int fencedZombies, int clientKills)
    {
        Fates fates = verdict.Facts.Fates;
        ILookup<(EventKind Outcome, Fate Fate), Operation> transactions = verdict.Facts.History.Operations
            .Where(operation => operation.Function == Function.Txn)
            .ToLookup(operation => (operation.Outcome, fates[operation.Ordinal]));
        return new ExactlyOnceReport(
            verdict.Figures.Operations,
            verdict.Figures.RecordsRead,
            transactions[(EventKind.Ok, Fate.Committed)].Count(),
            transactions[(EventKind.Fail, Fate.Aborted)].Count(),
            transactions[(EventKind.Info, Fate.Committed)].Count(),
            transactions[(EventKind.Info, Fate.Aborted)].Count(),
            transactions[(EventKind.Info, Fate.Unknown)].Count(),
            transactions.Where(each => each.Key.Fate == Fate.Committed).Sum(each => each.Count(operation => operation.Group is not null)),
            fencedZombies,
            clientKills);
    }

    public ExactlyOnceReport And(ExactlyOnceReport other) => new(
        Calls + other.Calls, RecordsRead + other.RecordsRead, Committed + other.Committed, Aborted + other.Aborted,
        FoundCommitted + other.FoundCommitted, FoundAborted + other.FoundAborted, InDoubt + other.InDoubt, Transforms + other.Transforms,
        FencedZombies + other.FencedZombies, ClientKills + other.ClientKills);

    public override string ToString() =>
        $"{Calls:N0} calls judged, {RecordsRead:N0} records read; of transactions {Committed:N0} committed, {Transforms:N0} of them made from what was read, "
        + $"{Aborted:N0} aborted, {FoundCommitted:N0} in doubt and found committed, {FoundAborted:N0} found aborted, {InDoubt:N0} left in doubt by killed clients; "
        + $"{FencedZombies:N0} zombies fenced, {ClientKills:N0} clients killed";
}
