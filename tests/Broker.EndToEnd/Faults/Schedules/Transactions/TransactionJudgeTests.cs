using Broker.Client;
using Broker.Protocol.V1;

namespace Broker.EndToEnd.Faults.Schedules.Transactions;

/// <summary>The judge is given one good history, and then the same with one thing wrong in it.</summary>
public sealed class TransactionJudgeTests
{
    /// <summary>What is done to the good history, and what is found then.</summary>
    private static readonly Dictionary<string, (Action<Story> Change, string Finding)> Faults = new()
    {
        ["a repeated commit tells other places"] = (story => Answer(story.Repetition, Commit(10, (0, 5, 3), (1, 0, 1))), "inconsistent-offset"),
        ["a transaction is committed twice"] = (story => Answer(story.Repetition, Commit(11, (0, 0, 3), (1, 0, 1))), "inconsistent-offset"),
        ["a committed transaction is said to be aborted"] = (story => Answer(story.Outcome, commit: null), "double-outcome"),
        ["a commit is told after the abort"] = (story => Answer(story.LateCommit, Commit(15, (0, 4, 1))), "double-outcome"),
        ["a commit lacks records"] = (story => story.AnswerFirst(Commit(10, (0, 0, 2), (1, 0, 1))), "torn-txn"),
        ["a commit lacks a partition"] = (story => story.AnswerFirst(Commit(10, (0, 0, 3))), "torn-txn"),
        ["a batch was not taken before the commit"] = (story => Refuse(story.Batch, ErrorReasons.OutOfOrderSequenceNumber), "gap"),
        ["a commit that nothing hinders is refused"] = (story => Refuse(story.Last, ErrorReasons.TransactionAbortable), "refused"),
        ["a commit waits for a batch that was not refused"] = (story => Refuse(story.Last, ErrorReasons.PrecedingBatchRefused), "refused"),
        ["the old epoch sends after the next was given"] = (story => Answer(story.ZombieSend, commit: null), "fence"),
        ["the old epoch commits after the next was given"] = (story => Answer(story.ZombieCommit, Commit(30, (0, 4, 1))), "fence"),
        ["a call has no answer"] = (story => story.History.Add(new TransactionCall(story.Last.Step, epoch: 1, sentAt: 1000)), "stuck"),
        ["a committed record is not in the log"] = (story => story.Logs[0].RemoveAt(1), "torn-txn"),
        ["a partition has nothing of it"] = (story => story.Logs[1].Clear(), "torn-txn"),
        ["a record is in the log twice"] = (story => story.Logs[0].Add(story.Logs[0][0] with { Offset = 4 }), "duplicate"),
        ["a record stands elsewhere"] = (story => story.Logs[0][2] = story.Logs[0][2] with { Offset = 7 }, "inconsistent-offset"),
        ["a record of an aborted transaction is in the log"] = (story => story.Logs[0].Add(story.Record(instance: 0, number: 2, at: 4)), "G1a"),
        ["bytes are not those that were sent"] = (story => story.Logs[0][0] = story.Logs[0][0] with { IsIntact = false }, "corrupt-payload"),
    };

    public static TheoryData<string> FaultNames => [.. Faults.Keys];

    [Fact]
    public void A_history_as_it_should_be_has_no_findings() => Assert.Empty(new Story().Judge().Counts);

    [Theory]
    [MemberData(nameof(FaultNames))]
    public void A_fault_is_found(string name)
    {
        var story = new Story();
        Faults[name].Change(story);
        Assert.Contains(Faults[name].Finding, story.Judge().Counts.Keys);
    }

    private static void Answer(TransactionCall call, TransactionCommit? commit) => call.Answer(call.AnsweredAt, commit: commit);

    private static void Refuse(TransactionCall call, string reason) => call.Answer(call.AnsweredAt, reason);

    private static TransactionCommit Commit(ulong lsn, params (int Partition, long BaseOffset, long RecordCount)[] places) => new()
    {
        Lsn = lsn,
        Partitions = { places.Select(place => new CommittedPartition { Partition = place.Partition, BaseOffset = place.BaseOffset, RecordCount = place.RecordCount }) },
    };

    /// <summary>
    /// Three transactions: one over both partitions that is committed, told again and asked for; one that is aborted and whose commit comes
    /// late; one that is open when another instance takes over, which commits one of its own.
    /// </summary>
    private sealed class Story
    {
        private readonly TransactionCall _first;
        private long _time;

        public Story()
        {
            Call(CallKind.Open, instance: 0);
            Call(CallKind.Send, 0, 1);
            Batch = Call(CallKind.Send, 0, 1, batch: 1);
            Call(CallKind.Send, 0, 1, slot: 1);
            TransactionCommit commit = Commit(10, (0, 0, 3), (1, 0, 1));
            _first = Call(CallKind.Commit, 0, 1, commit: commit);
            Repetition = Call(CallKind.Commit, 0, 1, commit: commit);
            Outcome = Call(CallKind.Outcome, 0, 1, commit: commit);
            Call(CallKind.Send, 0, 2);
            Call(CallKind.Abort, 0, 2);
            LateCommit = Call(CallKind.Commit, 0, 2, refusal: ErrorReasons.TransactionAbortable);
            Call(CallKind.Send, 0, 3);
            Call(CallKind.Open, instance: 1);
            ZombieSend = Call(CallKind.Send, 0, 3, refusal: ErrorReasons.InvalidProducerEpoch);
            ZombieCommit = Call(CallKind.Commit, 0, 3, refusal: ErrorReasons.InvalidProducerEpoch);
            Call(CallKind.Send, 1, 1);
            Last = Call(CallKind.Commit, 1, 1, commit: Commit(20, (0, 3, 1)));
            Logs =
            [
                [.. Enumerable.Range(0, 3).Select(at => Record(instance: 0, number: 1, at, record: at)), Record(instance: 1, number: 1, at: 3)],
                [Record(instance: 0, number: 1, at: 0, slot: 1)],
            ];
        }

        public TransactionHistory History { get; } = new(
            number: 3, new TransactionSchedule([[(2, 1), (1, 0), (1, 0)], [(1, 0)]], []), [new LogName("log", 0), new LogName("log", 1)]);

        public TransactionCall Batch { get; }

        public TransactionCall Repetition { get; }

        public TransactionCall Outcome { get; }

        public TransactionCall LateCommit { get; }

        public TransactionCall ZombieSend { get; }

        public TransactionCall ZombieCommit { get; }

        public TransactionCall Last { get; }

        public List<ReadBack>[] Logs { get; }

        /// <summary>What all are told of the first transaction.</summary>
        public void AnswerFirst(TransactionCommit commit)
        {
            foreach (TransactionCall call in (TransactionCall[])[_first, Repetition, Outcome])
            {
                Answer(call, commit);
            }
        }

        public ReadBack Record(int instance, int number, long at, int slot = 0, int record = 0) =>
            new(at, History.ValueOf(instance, number, slot, record), IsIntact: true);

        public Findings Judge()
        {
            var findings = new Findings();
            new TransactionJudge(History, findings).Check(Logs);
            return findings;
        }

        private TransactionCall Call(
            CallKind kind, int instance, int number = 0, int slot = 0, int batch = 0, string? refusal = null, TransactionCommit? commit = null)
        {
            var call = new TransactionCall(new TransactionStep(kind, instance, number, slot, batch), epoch: instance, sentAt: ++_time);
            call.Answer(++_time, refusal, commit);
            History.Add(call);
            return call;
        }
    }
}
