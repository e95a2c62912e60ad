using Broker.Checker.Histories;
using static Broker.Tests.Checker.HistoryScript;

namespace Broker.Tests.Checker.Cases;

/// <summary>Operations that come before themselves.</summary>
internal static class CycleCases
{
    public static IEnumerable<AnomalyCase> All { get; } =
    [
        new("G0", "two transactions write to two partitions in another order",
            script => Both(script, Transaction(1, Sent(0, 11, 0), Sent(1, 21, 1)), Transaction(2, Sent(0, 12, 1), Sent(1, 22, 0))),
            script => Both(script, Transaction(1, Sent(0, 11, 0), Sent(1, 21, 0)), Transaction(2, Sent(0, 12, 1), Sent(1, 22, 1)))),
        new("G0", "three transactions of which the last had been answered before the first began",
            script => InTime(script, isAnsweredFirst: true),
            script => InTime(script, isAnsweredFirst: false)),
        new("G1c", "two transactions read what the other one writes",
            script => Both(
                script,
                Transaction(1, Sent(0, 11, 0)) with { Polls = Polled(1, (0, 21)) },
                Transaction(2, Sent(1, 21, 0)) with { Polls = Polled(0, (0, 11)) }),
            script => Both(
                script,
                Transaction(1, Sent(0, 11, 0)) with { Polls = Polled(1, (0, 21)) },
                Transaction(2, Sent(1, 21, 0)))),
        new("G-single", "a transaction writes behind one whose record it had not read",
            script => Skewed(script, firstReads: [(0, 10)], secondReads: []),
            script => Skewed(script, firstReads: [(0, 10), (1, 12)], secondReads: [])),
        new("G-single", "being behind is none",
            script => Skewed(script, firstReads: [(0, 10)], secondReads: []),
            script =>
            {
                script.Send(5, Sent(0, 10, 0));
                script.Do(Transaction(1, Sent(0, 11, 1)));
                script.Do(Transaction(2, Sent(1, 21, 0)) with { Polls = Polled(0, (0, 10)) });
                script.ReadAll(3, (0, [(0, 10), (1, 11)]));
            }),
        new("G2", "two transactions decide on what the other one changes",
            script => Skewed(script, firstReads: [(0, 10)], secondReads: [(0, 20)]),
            script => Skewed(script, firstReads: [(0, 10), (1, 12)], secondReads: [(0, 20)])),
    ];

    private static void Both(HistoryScript script, HistoryEvent first, HistoryEvent second)
    {
        script.Begin(first);
        script.Begin(second);
        script.End(first);
        script.End(second);
        SentRecord[] sent = [.. first.Sends, .. second.Sends];
        script.Assign(3, (0, Of(sent, 0)[0].Offset), (1, Of(sent, 1)[0].Offset));
        script.Poll(3, 0, Of(sent, 0));
        script.Poll(3, 1, Of(sent, 1));
    }

    private static (long Offset, long Value)[] Of(SentRecord[] sent, int key) =>
        [.. sent.Where(each => each.Key == key).OrderBy(each => each.Offset).Select(each => (each.Offset, each.Value))];

    /// <summary>1 writes before 2 in one partition, 2 before 3 in the other; 2 is under way all the time.</summary>
    private static void InTime(HistoryScript script, bool isAnsweredFirst)
    {
        HistoryEvent first = Transaction(1, Sent(0, 11, 0));
        HistoryEvent second = Transaction(2, Sent(0, 12, 1), Sent(1, 21, 0));
        HistoryEvent third = Transaction(3, Sent(1, 22, 1));
        script.Begin(second);
        if (!isAnsweredFirst)
        {
            script.Begin(first);
        }

        script.Do(third);
        if (isAnsweredFirst)
        {
            script.Begin(first);
        }

        script.End(first);
        script.End(second);
        script.ReadAll(4, (0, [(0, 11), (1, 12)]), (1, [(0, 21), (1, 22)]));
    }

    /// <summary>The second transaction writes to the first partition, and the first one to the second, behind it where it reads nothing there.</summary>
    private static void Skewed(HistoryScript script, (long Offset, long Value)[] firstReads, (long Offset, long Value)[] secondReads)
    {
        bool isBothWays = secondReads.Length == 0;
        script.Send(5, Sent(0, 10, 0));
        script.Send(5, Sent(1, 20, 0));
        HistoryEvent first = Transaction(1, Sent(1, 21, isBothWays ? 2 : 1)) with { Polls = Polled(0, firstReads) };
        HistoryEvent second = Transaction(2, isBothWays ? [Sent(0, 12, 1), Sent(1, 22, 1)] : [Sent(0, 12, 1)]) with { Polls = Polled(1, secondReads) };
        Both(script, first, second);
    }
}
