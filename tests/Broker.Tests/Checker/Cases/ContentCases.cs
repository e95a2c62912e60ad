using Broker.Checker.Histories;
using static Broker.Tests.Checker.HistoryScript;

namespace Broker.Tests.Checker.Cases;

/// <summary>What a partition holds.</summary>
internal static class ContentCases
{
    public static IEnumerable<AnomalyCase> All { get; } =
    [
        new("inconsistent-offset", "two readers see another record at one offset",
            script => TwoReaders(script, (1, 13), (2, 12)),
            script => TwoReaders(script, (1, 12), (2, 13))),
        new("inconsistent-offset", "a record is not where its ack said",
            script =>
            {
                script.SendInDoubt(9, 0, 13);
                script.Send(1, Sent(0, 11, 0));
                script.Send(1, Sent(0, 12, 1));
                script.ReadAll(2, (0, [(0, 11), (1, 13), (2, 12)]));
            },
            script =>
            {
                script.SendInDoubt(9, 0, 13);
                script.Send(1, Sent(0, 11, 0));
                script.Send(1, Sent(0, 12, 1));
                script.ReadAll(2, (0, [(0, 11), (1, 12), (2, 13)]));
            }),
        new("duplicate", "a record is there twice",
            script =>
            {
                script.Send(1, Sent(0, 11, 0));
                script.ReadAll(2, (0, [(0, 11), (1, 11)]));
            },
            script =>
            {
                script.Send(1, Sent(0, 11, 0));
                script.ReadAll(2, (0, [(0, 11)]));
                script.ReadAll(3, (0, [(0, 11)]));
            }),
        new("fabricated", "nobody sent it",
            script =>
            {
                script.Send(1, Sent(0, 11, 0));
                script.ReadAll(2, (0, [(0, 11), (1, 12)]));
            },
            script =>
            {
                script.SendInDoubt(9, 0, 12);
                script.Send(1, Sent(0, 11, 0));
                script.ReadAll(2, (0, [(0, 11), (1, 12)]));
            }),
        new("fabricated", "it was sent to another partition",
            script =>
            {
                script.SendInDoubt(9, 1, 12);
                script.Send(1, Sent(0, 11, 0));
                script.ReadAll(2, (0, [(0, 11), (1, 12)]));
            },
            script =>
            {
                script.SendInDoubt(9, 1, 12);
                script.Send(1, Sent(0, 11, 0));
                script.ReadAll(2, (0, [(0, 11)]), (1, [(0, 12)]));
            }),
        new("fabricated", "it is polled before it is sent",
            script =>
            {
                script.Assign(2, (0, 0));
                script.Poll(2, 0, (0, 11));
                script.Send(1, Sent(0, 11, 0));
            },
            script =>
            {
                script.Assign(2, (0, 0));
                script.Begin(Sending(1, Sent(0, 11)));
                script.Poll(2, 0, (0, 11));
                script.End(Sending(1, Sent(0, 11, 0)));
            }),
        new("corrupt-payload", "a payload does not pass its checks",
            script =>
            {
                script.Send(1, Sent(0, 11, 0));
                script.ReadAll(2, (0, [(0, PolledRecord.NoValue)]));
            },
            script =>
            {
                script.Send(1, Sent(0, 11, 0));
                script.ReadAll(2, (0, [(0, 11)]));
            }),
        new("retry-offset", "the second ack says something else",
            script => Resend(script, offset: 1),
            script => Resend(script, offset: 0)),
    ];

    private static void TwoReaders(HistoryScript script, params (long Offset, long Value)[] seenBySecond)
    {
        script.SendInDoubt(9, 0, 13);
        script.Send(1, Sent(0, 11, 0));
        script.Send(1, Sent(0, 12, 1));
        script.ReadAll(2, (0, [(0, 11), (1, 12)]));
        script.ReadAll(3, (0, [(0, 11), .. seenBySecond[..1]]));
        if (seenBySecond[0].Value == 12)
        {
            script.Poll(3, 0, seenBySecond[1]);
        }
    }

    private static void Resend(HistoryScript script, long offset)
    {
        script.Send(1, Sent(0, 11, 0));
        script.Do(Sending(2, Sent(0, 11, offset)) with { IsRetry = true });
        script.ReadAll(3, (0, [(0, 11)]));
    }
}
