using Broker.Checker.Histories;

namespace Broker.Tests.Checker;

/// <summary>Makes one thing of a good history wrong, chosen by chance.</summary>
internal static class Mutation
{
    public static List<HistoryEvent> DropRecord(List<HistoryEvent> events, Random random) =>
        InPoll(events, random, (polls, at) => [.. polls[..at], .. polls[(at + 1)..]]);

    public static List<HistoryEvent> SwapRecords(List<HistoryEvent> events, Random random) =>
        InPoll(events, random, (polls, at) => [.. polls[..at], polls[at + 1], polls[at], .. polls[(at + 2)..]]);

    public static List<HistoryEvent> SwapValues(List<HistoryEvent> events, Random random) => InPoll(events, random, (polls, at) =>
        [.. polls[..at], polls[at] with { Value = polls[at + 1].Value }, polls[at + 1] with { Value = polls[at].Value }, .. polls[(at + 2)..]]);

    public static List<HistoryEvent> MoveOffset(List<HistoryEvent> events, Random random) =>
        InPoll(events, random, (polls, at) => [.. polls[..at], polls[at] with { Offset = polls[at].Offset + random.Next(1, 1000) }, .. polls[(at + 1)..]]);

    public static List<HistoryEvent> DuplicateRecord(List<HistoryEvent> events, Random random) =>
        InPoll(events, random, (polls, at) => [.. polls[..(at + 1)], .. polls[at..]]);

    /// <summary>Another offset in an ack.</summary>
    public static List<HistoryEvent> MoveAck(List<HistoryEvent> events, Random random) => Change(
        events, random, each => each is { Kind: EventKind.Ok, Function: Function.Send, IsRetry: false },
        each => each with { Sends = [.. each.Sends.Select(sent => sent with { Offset = sent.Offset + 1 })] });

    /// <summary>Of a transaction over several partitions, what it wrote to one of them is never polled.</summary>
    public static List<HistoryEvent> TearTransaction(List<HistoryEvent> events, Random random)
    {
        HistoryEvent[] transactions =
        [
            .. events.Where(each => each is { Kind: EventKind.Ok, Function: Function.Txn } && each.Sends.Select(sent => sent.Key).Distinct().Count() > 1),
        ];
        HistoryEvent torn = transactions[random.Next(transactions.Length)];
        var gone = torn.Sends.Where(sent => sent.Key == torn.Sends[0].Key).Select(sent => (sent.Key, sent.Value)).ToHashSet();
        return
        [
            .. events.Select(each => Array.Exists(each.Polls, polled => gone.Contains((polled.Key, polled.Value)))
                ? each with { Polls = [.. each.Polls.Where(polled => !gone.Contains((polled.Key, polled.Value)))] }
                : each),
        ];
    }

    /// <summary>Changes the polls of one call that got at least three records of one partition, in the middle of them.</summary>
    private static List<HistoryEvent> InPoll(List<HistoryEvent> events, Random random, Func<PolledRecord[], int, PolledRecord[]> change) => Change(
        events, random,
        each => each is { Kind: EventKind.Ok, Polls.Length: > 2 } && Array.TrueForAll(each.Polls, polled => polled.Key == each.Polls[0].Key),
        each => each with { Polls = change(each.Polls, random.Next(1, each.Polls.Length - 1)) });

    private static List<HistoryEvent> Change(
        List<HistoryEvent> events, Random random, Predicate<HistoryEvent> isMeant, Func<HistoryEvent, HistoryEvent> change)
    {
        HistoryEvent[] meant = [.. events.Where(each => isMeant(each))];
        HistoryEvent chosen = meant[random.Next(meant.Length)];
        return [.. events.Select(each => each == chosen ? change(each) : each)];
    }
}
