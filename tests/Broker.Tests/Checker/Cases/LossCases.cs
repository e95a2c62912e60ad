using Broker.Checker.Histories;
using static Broker.Tests.Checker.HistoryScript;

namespace Broker.Tests.Checker.Cases;

/// <summary>What was acked and is gone.</summary>
internal static class LossCases
{
    public static IEnumerable<AnomalyCase> All { get; } =
    [
        new("lost-write", "a reader goes over its offset",
            script => Read(script, (0, 11), (2, 13)),
            script => Read(script, (0, 11), (1, 12), (2, 13))),
        new("lost-write", "another reader has not come so far",
            script =>
            {
                Read(script, (0, 11), (2, 13));
                script.ReadAll(3, (0, [(0, 11)]));
            },
            script => Read(script, (0, 11))),
        new("unseen", "the partition was read from end to end",
            script => Drain(script, (0, 11)),
            script => Drain(script, (0, 11), (1, 12))),
        new("unseen", "the end was asked for after it had been written",
            script => AskForEnd(script, isAfterwards: true),
            script => AskForEnd(script, isAfterwards: false)),
        new("unseen", "reading came to the end",
            script => ReadPart(script, (0, 11), (1, 12)),
            script => ReadPart(script, (0, 11))),
        new("unseen", "it is in a transaction that turned out to be committed",
            script => Settled(script, committed: true),
            script => Settled(script, committed: false)),
        new("lost-write", "retention has not freed it",
            script => Trim(script, logStart: 0),
            script => Trim(script, logStart: 2)),
        new("lost-write", "a retry of it was acked",
            script => Retry(script, (0, 11), (2, 13)),
            script => Retry(script, (0, 11), (1, 12), (2, 13))),
        new("leo-regress", "the log ends before an acked record",
            script => End(script, 1),
            script => End(script, 2)),
        new("leo-regress", "the log ends before where it ended",
            script =>
            {
                End(script, 3);
                script.Ends(4, (0, 2));
            },
            script =>
            {
                End(script, 3);
                script.Ends(4, (0, 3));
            }),
        new("offset-gap", "there is nothing at an offset",
            script => Gap(script, 2),
            script => Gap(script, 1)),
        new("stuck", "a call is not answered",
            script =>
            {
                script.Send(1, Sent(0, 11, 0));
                script.Begin(Sending(4, Sent(0, 12)));
                script.Wait(11);
                script.ReadAll(2, (0, [(0, 11)]));
            },
            script =>
            {
                script.Send(1, Sent(0, 11, 0));
                script.Wait(11);
                script.Begin(Sending(4, Sent(0, 12)));
                script.ReadAll(2, (0, [(0, 11)]));
            }),
        new("stuck", "a reader gets nothing though there is more",
            script => Wait(script),
            script => Wait(script, (1, 12))),
        new("stuck", "it has not been told to read something else",
            script => Wait(script),
            script => Turn(script)),
        new("stuck", "it has not come to the end",
            script => Wait(script),
            script =>
            {
                Wait(script, (1, 12));
                script.Wait(11);
                script.Poll(2, 0);
            }),
        new("stuck", "what it waits for was not written just now",
            script => Late(script, waitAfterSend: 11),
            script => Late(script, waitAfterSend: 9)),
    ];

    private static void Read(HistoryScript script, params (long Offset, long Value)[] read)
    {
        script.Send(1, Sent(0, 11, 0));
        script.Send(1, Sent(0, 12, 1));
        script.Send(1, Sent(0, 13, 2));
        script.ReadAll(2, (0, read));
    }

    private static void Drain(HistoryScript script, params (long Offset, long Value)[] read)
    {
        script.Send(1, Sent(0, 11, 0));
        // Acked without an offset.
        script.Send(1, Sent(0, 12));
        script.Ends(2, (0, read.Length));
        script.ReadAll(2, (0, read));
    }

    private static void AskForEnd(HistoryScript script, bool isAfterwards)
    {
        script.Send(1, Sent(0, 11, 0));
        if (!isAfterwards)
        {
            script.Ends(3, (0, 1));
        }

        script.Send(1, Sent(0, 12));
        if (isAfterwards)
        {
            script.Ends(3, (0, 1));
        }

        script.ReadAll(2, (0, [(0, 11)]));
    }

    private static void ReadPart(HistoryScript script, params (long Offset, long Value)[] read)
    {
        script.Send(1, Sent(0, 11, 0));
        script.Send(1, Sent(0, 12, 1));
        script.Send(1, Sent(0, 13));
        script.Ends(3, (0, 2));
        script.ReadAll(2, (0, read));
    }

    private static void Settled(HistoryScript script, bool committed)
    {
        script.Do(Transaction(1, Sent(0, 11)), EventKind.Info);
        script.Do(Call(3, Function.EndTxn) with { ProducerId = 1, Epoch = 0, TransactionNumber = 0, Committed = committed });
        script.Send(4, Sent(1, 21, 0));
        script.Ends(2, (0, 0), (1, 1));
        script.ReadAll(2, (0, []), (1, [(0, 21)]));
    }

    private static void Trim(HistoryScript script, long logStart)
    {
        script.Send(1, Sent(0, 11, 0));
        script.Send(1, Sent(0, 12, 1));
        script.Send(1, Sent(0, 13, 2));
        script.ReadAll(2, (0, [(0, 11), (2, 13)]));
        script.Do(Call(3, Function.ListOffsets) with { Ends = [new PartitionEnds(0, logStart, HighWatermark: 3)] });
    }

    private static void Retry(HistoryScript script, params (long Offset, long Value)[] read)
    {
        script.Send(3, Sent(0, 11, 0));
        script.SendInDoubt(1, 0, 12);
        script.Do(Sending(2, Sent(0, 12, 1)) with { IsRetry = true });
        script.Send(3, Sent(0, 13, 2));
        script.ReadAll(4, (0, read));
    }

    private static void End(HistoryScript script, long highWatermark)
    {
        script.Send(1, Sent(0, 11, 0));
        script.ReadAll(2, (0, [(0, 11)]));
        script.Send(1, Sent(0, 12, 1));
        script.Ends(3, (0, highWatermark));
    }

    private static void Gap(HistoryScript script, long offset)
    {
        script.Send(1, Sent(0, 11, 0));
        script.Send(1, Sent(0, 12, offset));
        script.ReadAll(2, (0, [(0, 11), (offset, 12)]));
    }

    private static void Turn(HistoryScript script)
    {
        script.Send(1, Sent(0, 11, 0));
        script.Send(1, Sent(0, 12, 1));
        script.Assign(2, (0, 0));
        script.Poll(2, 0, (0, 11));
        script.Assign(2, (1, 0));
        script.Wait(11);
        script.Poll(2, 1);
    }

    private static void Late(HistoryScript script, int waitAfterSend)
    {
        script.Send(1, Sent(0, 11, 0));
        script.ReadAll(2, (0, [(0, 11)]));
        script.Wait(5);
        script.Send(1, Sent(0, 12, 1));
        script.Wait(waitAfterSend);
        script.Poll(2, 0);
    }

    private static void Wait(HistoryScript script, params (long Offset, long Value)[] second)
    {
        script.Send(1, Sent(0, 11, 0));
        script.Send(1, Sent(0, 12, 1));
        script.Assign(2, (0, 0));
        script.Poll(2, 0, (0, 11));
        script.Wait(11);
        script.Poll(2, 0, second);
    }
}
