using Broker.Checker.Histories;
using static Broker.Tests.Checker.HistoryScript;

namespace Broker.Tests.Checker.Cases;

/// <summary>The order in which records are written and read.</summary>
internal static class OrderCases
{
    public static IEnumerable<AnomalyCase> All { get; } =
    [
        new("poll-skip", "from one call to the next a record is left out",
            script => Polls(script, [(0, 11)], [(2, 13)]),
            script => Polls(script, [(0, 11)], [(1, 12), (2, 13)])),
        new("poll-skip", "no rebalance explains it",
            script => Polls(script, [(0, 11)], [(2, 13)]),
            script => Polls(script, [(0, 11)], [(2, 13)], rebalanced: 0)),
        new("poll-skip", "retention does not explain it",
            script => Polls(script, [(0, 11)], [(2, 13)]),
            script =>
            {
                Polls(script, [(0, 11)], [(2, 13)]);
                script.Do(Call(5, Function.ListOffsets) with { Ends = [new PartitionEnds(0, LogStart: 2, HighWatermark: 3)] });
            }),
        new("poll-skip", "reading begins behind the place that was asked for",
            script => Polls(script, [(1, 12)], [(2, 13)]),
            script => Polls(script, [(1, 12)], [(2, 13)], from: 1)),
        new("int-poll-skip", "within one call a record is left out",
            script => Polls(script, [(0, 11), (2, 13)], []),
            script => Polls(script, [(0, 11), (1, 12), (2, 13)], [])),
        new("int-poll-skip", "within one call, in which no rebalance explains it",
            script => Polls(script, [], [(0, 11), (2, 13)]),
            script => Polls(script, [], [(0, 11), (2, 13)], rebalanced: 0)),
        new("nonmonotonic-poll", "a reader gets a record again",
            script => Polls(script, [(0, 11), (1, 12)], [(1, 12), (2, 13)]),
            script => Polls(script, [(0, 11), (1, 12)], [(2, 13)])),
        new("nonmonotonic-poll", "nobody has set it back",
            script => Polls(script, [(0, 11), (1, 12)], [(0, 11)]),
            script =>
            {
                Polls(script, [(0, 11), (1, 12)], []);
                script.Assign(3, (0, 0));
                script.Poll(3, 0, (0, 11));
            }),
        new("int-nonmonotonic-poll", "within one call a reader goes back",
            script => Polls(script, [(0, 11), (1, 12), (0, 11)], []),
            script => Polls(script, [(0, 11), (1, 12)], [])),
        new("int-nonmonotonic-poll", "also in a transaction that is aborted",
            script =>
            {
                Polls(script, [], []);
                script.Do(Transaction(4) with { Polls = Polled(0, (1, 12), (0, 11)) }, EventKind.Fail);
            },
            script =>
            {
                Polls(script, [], []);
                script.Do(Transaction(4) with { Polls = Polled(0, (0, 11), (1, 12)) }, EventKind.Fail);
            }),
        new("nonmonotonic-send", "a later call writes before an earlier one",
            script => Sends(script, [Sent(0, 11, 1)], [Sent(0, 12, 0)]),
            script => Sends(script, [Sent(0, 11, 0)], [Sent(0, 12, 1)])),
        new("int-nonmonotonic-send", "records of a batch change places",
            script => Sends(script, [Sent(0, 11, 1), Sent(0, 12, 0)], [Sent(0, 13, 2)]),
            script => Sends(script, [Sent(0, 11, 0), Sent(0, 12, 1)], [Sent(0, 13, 2)])),
        new("realtime-order", "a record was acked before one ahead of it was sent",
            script =>
            {
                script.Send(1, Sent(0, 11, 1));
                script.Send(2, Sent(0, 12, 0));
                script.ReadAll(3, (0, [(0, 12), (1, 11)]));
            },
            script =>
            {
                script.Begin(Sending(2, Sent(0, 12)));
                script.Send(1, Sent(0, 11, 1));
                script.End(Sending(2, Sent(0, 12, 0)));
                script.ReadAll(3, (0, [(0, 12), (1, 11)]));
            }),
        new("realtime-order", "one that was sent earlier stands between them",
            script => Three(script, isSentLast: true),
            script => Three(script, isSentLast: false)),
        new("realtime-order", "a record was polled before one ahead of it was sent",
            script =>
            {
                script.SendInDoubt(1, 0, 11);
                script.Assign(3, (0, 1));
                script.Poll(3, 0, (1, 11));
                script.Send(2, Sent(0, 12, 0));
            },
            script =>
            {
                script.SendInDoubt(1, 0, 11);
                script.Assign(3, (0, 1));
                script.Begin(Sending(2, Sent(0, 12)));
                script.Poll(3, 0, (1, 11));
                script.End(Sending(2, Sent(0, 12, 0)));
            }),
    ];

    /// <summary>Three records; one reader gets all of them, another one these, in two calls.</summary>
    private static void Polls(
        HistoryScript script, (long Offset, long Value)[] first, (long Offset, long Value)[] second, long from = 0, params int[] rebalanced)
    {
        script.Send(1, Sent(0, 11, 0), Sent(0, 12, 1), Sent(0, 13, 2));
        script.ReadAll(2, (0, [(0, 11), (1, 12), (2, 13)]));
        script.Assign(3, (0, from));
        script.Poll(3, 0, first);
        script.Do(Polling(3, 0, second) with { Rebalanced = rebalanced });
    }

    /// <summary>The third was acked before the first was sent, or not; the second had been under way for long.</summary>
    private static void Three(HistoryScript script, bool isSentLast)
    {
        script.Begin(Sending(2, Sent(0, 12)));
        if (!isSentLast)
        {
            script.Begin(Sending(1, Sent(0, 11)));
        }

        script.Send(3, Sent(0, 13, 2));
        if (isSentLast)
        {
            script.Begin(Sending(1, Sent(0, 11)));
        }

        script.End(Sending(1, Sent(0, 11, 0)));
        script.End(Sending(2, Sent(0, 12, 1)));
        script.ReadAll(4, (0, [(0, 11), (1, 12), (2, 13)]));
    }

    private static void Sends(HistoryScript script, SentRecord[] first, SentRecord[] second)
    {
        script.Send(1, first);
        script.Send(1, second);
        SentRecord[] all = [.. first, .. second];
        script.ReadAll(2, (0, [.. all.OrderBy(sent => sent.Offset).Select(sent => (sent.Offset, sent.Value))]));
    }
}
