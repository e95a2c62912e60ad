using Broker.Checker.Histories;
using static Broker.Tests.Checker.HistoryScript;

namespace Broker.Tests.Checker.Cases;

/// <summary>All or nothing, and nothing before it is committed.</summary>
internal static class TransactionCases
{
    public static IEnumerable<AnomalyCase> All { get; } =
    [
        new("G1a", "a send that failed is read",
            script => Outcome(script, Sending(1, Sent(0, 11)), EventKind.Fail),
            script => Outcome(script, Sending(1, Sent(0, 11)), EventKind.Info)),
        new("G1a", "a send is read of which each attempt failed",
            script => Attempts(script, EventKind.Fail),
            script => Attempts(script, EventKind.Info)),
        new("G1a", "a transaction that was aborted is read",
            script => Outcome(script, Transaction(1, Sent(0, 11)), EventKind.Fail),
            script => Outcome(script, Transaction(1, Sent(0, 11)), EventKind.Info)),
        new("G1a", "a transaction is read that turned out to be aborted",
            script => Settled(script, committed: false),
            script => Settled(script, committed: true)),
        new("G1a", "the offsets of an aborted transaction are fetched",
            script => GroupOffsets(script, EventKind.Fail),
            script => GroupOffsets(script, EventKind.Info)),
        new("precommitted-read", "a transaction reads its own record",
            script => OwnRead(script, (0, 11)),
            script => OwnRead(script)),
        new("precommitted-read", "a record is read before its transaction asks to commit",
            script => EarlyRead(script, isBeforeCommit: true),
            script => EarlyRead(script, isBeforeCommit: false)),
        new("double-outcome", "a committed transaction is said to be aborted",
            script => Asked(script, committed: false),
            script => Asked(script, committed: true)),
        new("torn-txn", "a transaction in doubt is in one of two partitions",
            script => Drained(script, Transaction(1, Sent(0, 11), Sent(1, 21)), [(0, 11)], []),
            script => Drained(script, Transaction(1, Sent(0, 11), Sent(1, 21)), [(0, 11)], [(0, 21)])),
        new("torn-txn", "a batch in doubt is there in part",
            script => Drained(script, Sending(1, Sent(0, 11), Sent(0, 12)), [(0, 11)], []),
            script => Drained(script, Sending(1, Sent(0, 11), Sent(0, 12)), [(0, 11), (1, 12)], [])),
        new("torn-txn", "a part of a committed transaction was passed over",
            script => Passed(script, (0, 11), (2, 13)),
            script => Passed(script, (0, 11), (1, 12), (2, 13))),
        new("int-send-skip", "another record stands between those of a transaction",
            script => Between(script, first: 0, other: 1, second: 2),
            script => Between(script, first: 0, other: 2, second: 1)),
        new("eo-transform", "nothing was made from a consumed record",
            script => Transform(script, [(0, 11), (1, 12)], Made(1, 21, 11)),
            script => Transform(script, [(0, 11), (1, 12)], Made(1, 21, 11), Made(1, 22, 12))),
        new("eo-transform", "two records were made from one",
            script =>
            {
                Transform(script, [(0, 11), (1, 12)], Made(1, 21, 11), Made(1, 22, 12));
                script.Do(Transaction(6, Made(1, 23, 11)) with { Polls = Polled(0, (0, 11), (1, 12)) });
            },
            script =>
            {
                Transform(script, [(0, 11), (1, 12)], Made(1, 21, 11), Made(1, 22, 12));
                script.Do(Transaction(6, Made(1, 23, 11)) with { Polls = Polled(0, (0, 11), (1, 12)) }, EventKind.Fail);
            }),
    ];

    private static void Outcome(HistoryScript script, HistoryEvent call, EventKind kind)
    {
        script.Do(call, kind);
        script.ReadAll(2, (0, [(0, 11)]));
    }

    private static void Attempts(HistoryScript script, EventKind second)
    {
        script.Do(Sending(1, Sent(0, 11)), EventKind.Fail);
        script.Do(Sending(3, Sent(0, 11)) with { IsRetry = true }, second);
        script.ReadAll(2, (0, [(0, 11)]));
    }

    private static void Settled(HistoryScript script, bool committed)
    {
        script.Do(Transaction(1, Sent(0, 11)), EventKind.Info);
        script.Do(Call(3, Function.EndTxn) with { ProducerId = 1, Epoch = 0, TransactionNumber = 0, Committed = committed });
        script.ReadAll(2, (0, [(0, 11)]));
    }

    private static void GroupOffsets(HistoryScript script, EventKind kind)
    {
        script.Send(1, Sent(0, 11, 0));
        script.ReadAll(2, (0, [(0, 11)]));
        script.Do(Transaction(3) with { Group = "g", Positions = Positions((0, 1)) }, kind);
        script.Fetch(4, "g", 0, 1);
    }

    private static void OwnRead(HistoryScript script, params (long Offset, long Value)[] polled)
    {
        script.Do(Transaction(1, Sent(0, 11, 0)) with { Polls = Polled(0, polled) });
        script.ReadAll(2, (0, [(0, 11)]));
    }

    private static void EarlyRead(HistoryScript script, bool isBeforeCommit)
    {
        HistoryEvent transaction = Transaction(1, Sent(0, 11, 0));
        script.Begin(transaction);
        long early = script.NowNs;
        script.ReadAll(2, (0, [(0, 11)]));
        script.End(transaction with { CommitTimeNs = isBeforeCommit ? script.NowNs + 1 : early });
    }

    private static void Asked(HistoryScript script, bool committed)
    {
        script.Do(Transaction(1, Sent(0, 11, 0)));
        script.Do(Call(3, Function.EndTxn) with { ProducerId = 1, Epoch = 0, TransactionNumber = 0, Committed = committed });
        script.ReadAll(2, (0, [(0, 11)]));
    }

    private static void Drained(HistoryScript script, HistoryEvent call, (long Offset, long Value)[] first, (long Offset, long Value)[] second)
    {
        script.Do(call, EventKind.Info);
        script.Ends(2, (0, first.Length), (1, second.Length));
        script.ReadAll(2, (0, first), (1, second));
    }

    private static void Passed(HistoryScript script, params (long Offset, long Value)[] read)
    {
        script.Do(Transaction(1, Sent(0, 11, 0), Sent(0, 12, 1), Sent(0, 13, 2)));
        script.ReadAll(2, (0, read));
    }

    private static void Between(HistoryScript script, long first, long other, long second)
    {
        HistoryEvent transaction = Transaction(1, Sent(0, 11, first), Sent(0, 12, second));
        script.Begin(transaction);
        script.Begin(Sending(2, Sent(0, 13)));
        script.End(transaction);
        script.End(Sending(2, Sent(0, 13, other)));
        (long Offset, long Value)[] records = [(first, 11), (second, 12), (other, 13)];
        script.ReadAll(3, (0, [.. records.OrderBy(record => record.Offset)]));
    }

    private static SentRecord Made(int key, long value, long source) => Sent(key, value, value - 21) with { SourceKey = 0, SourceValue = source };

    private static void Transform(HistoryScript script, (long Offset, long Value)[] polled, params SentRecord[] made)
    {
        script.Send(1, Sent(0, 11, 0), Sent(0, 12, 1));
        script.Assign(5, (0, 0));
        script.Do(Transaction(5, made) with { Polls = Polled(0, polled), Group = "g", Positions = Positions((0, polled.Length)) });
    }
}
