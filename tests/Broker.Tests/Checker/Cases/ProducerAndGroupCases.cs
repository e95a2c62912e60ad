using Broker.Checker.Histories;
using static Broker.Tests.Checker.HistoryScript;

namespace Broker.Tests.Checker.Cases;

/// <summary>Epochs of producers, and offsets of groups.</summary>
internal static class ProducerAndGroupCases
{
    public static IEnumerable<AnomalyCase> All { get; } =
    [
        new("fence", "the old epoch is acked after the new one was given",
            script =>
            {
                TakeOver(script, secondEpoch: 1);
                WriteWithFirstEpoch(script);
            },
            script =>
            {
                script.InitProducer(1, producerId: 7, epoch: 0);
                script.Begin(Sending(1, Sent(0, 11)) with { ProducerId = 7, Epoch = 0 });
                script.InitProducer(2, producerId: 7, epoch: 1);
                script.End(Sending(1, Sent(0, 11, 0)) with { ProducerId = 7, Epoch = 0 });
                script.ReadAll(3, (0, [(0, 11)]));
            }),
        new("fence", "what the old epoch sent later is read, though it had no answer",
            script => Zombie(script, epoch: 0),
            script => Zombie(script, epoch: 1)),
        new("fence", "a transaction of the old epoch is committed",
            script =>
            {
                TakeOver(script, secondEpoch: 1);
                TransactionOfFirst(script, EventKind.Ok);
            },
            script =>
            {
                TakeOver(script, secondEpoch: 1);
                TransactionOfFirst(script, EventKind.Fail);
            }),
        new("fence", "an epoch is given twice",
            script => TwoEpochs(script, secondEpoch: 0),
            script => TwoEpochs(script, secondEpoch: 1)),
        new("offset-ahead", "a group is committed beyond the end",
            script => CommitAndEnd(script, position: 2),
            script => CommitAndEnd(script, position: 1)),
        new("offset-lost", "the group has no offset any more",
            script => Fetch(script, EventKind.Ok, PartitionPosition.None),
            script => Fetch(script, EventKind.Info, PartitionPosition.None)),
        new("offset-lost", "the group has an offset that nobody committed",
            script => Fetch(script, EventKind.Ok, 3),
            script => Fetch(script, EventKind.Ok, 1)),
        new("offset-regress", "an older offset comes back",
            script => CommitTwice(script, EventKind.Ok, 1),
            script => CommitTwice(script, EventKind.Info, 1)),
        new("offset-regress", "no commit of it is in doubt",
            script => CommitThreeTimes(script, EventKind.Ok),
            script => CommitThreeTimes(script, EventKind.Info)),
        new("offset-regress", "it was replaced by a transaction that is read",
            script => CommitWithRecord(script, (0, 11), (1, 12)),
            script => CommitWithRecord(script, (0, 11))),
        new("offset-regress", "an older offset comes back after a newer one was fetched",
            script =>
            {
                CommitTwice(script, EventKind.Info, 2);
                script.Fetch(4, "g", 0, 1);
            },
            script =>
            {
                CommitTwice(script, EventKind.Info, 1);
                script.Fetch(4, "g", 0, 2);
            }),
    ];

    private static void TakeOver(HistoryScript script, int secondEpoch)
    {
        script.InitProducer(1, producerId: 7, epoch: 0);
        script.InitProducer(2, producerId: 7, secondEpoch);
    }

    private static void WriteWithFirstEpoch(HistoryScript script)
    {
        script.Do(Sending(1, Sent(0, 11, 0)) with { ProducerId = 7, Epoch = 0 });
        script.ReadAll(3, (0, [(0, 11)]));
    }

    private static void TransactionOfFirst(HistoryScript script, EventKind kind)
    {
        script.Do(Transaction(1, Sent(0, 11, 0)) with { ProducerId = 7 }, kind);
        script.Send(4, Sent(1, 21, 0));
        script.ReadAll(3, (1, [(0, 21)]));
    }

    private static void Zombie(HistoryScript script, int epoch)
    {
        TakeOver(script, secondEpoch: 1);
        script.Do(Sending(1, Sent(0, 11)) with { ProducerId = 7, Epoch = epoch }, EventKind.Info);
        script.ReadAll(3, (0, [(0, 11)]));
    }

    private static void TwoEpochs(HistoryScript script, int secondEpoch)
    {
        TakeOver(script, secondEpoch);
        script.Do(Sending(2, Sent(0, 11, 0)) with { ProducerId = 7, Epoch = secondEpoch });
        script.ReadAll(3, (0, [(0, 11)]));
    }

    private static void ReadOne(HistoryScript script)
    {
        script.Send(1, Sent(0, 11, 0));
        script.ReadAll(2, (0, [(0, 11)]));
    }

    private static void CommitAndEnd(HistoryScript script, long position)
    {
        ReadOne(script);
        script.Commit(2, "g", 0, position);
        script.Ends(3, (0, 1));
    }

    private static void Fetch(HistoryScript script, EventKind commit, long found)
    {
        ReadOne(script);
        script.Commit(3, "g", 0, 1, commit);
        script.Fetch(4, "g", 0, found);
    }

    private static void CommitThreeTimes(HistoryScript script, EventKind first)
    {
        ReadOne(script);
        script.Commit(3, "g", 0, 1, first);
        script.Commit(4, "g", 0, 1);
        script.Commit(4, "g", 0, 2);
        script.Fetch(4, "g", 0, 1);
    }

    private static void CommitWithRecord(HistoryScript script, params (long Offset, long Value)[] read)
    {
        script.Send(1, Sent(0, 11, 0));
        script.Commit(1, "g", 0, 1);
        script.Do(Transaction(3, Sent(0, 12)) with { Group = "g", Positions = Positions((0, 2)) }, EventKind.Info);
        script.ReadAll(2, (0, read));
        script.Fetch(4, "g", 0, 1);
    }

    private static void CommitTwice(HistoryScript script, EventKind second, long found)
    {
        ReadOne(script);
        script.Commit(3, "g", 0, 1);
        script.Commit(3, "g", 0, 2, second);
        script.Fetch(4, "g", 0, found);
    }
}
