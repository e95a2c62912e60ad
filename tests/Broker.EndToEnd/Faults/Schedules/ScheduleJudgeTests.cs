using Broker.Client;
using Broker.Protocol.V1;

namespace Broker.EndToEnd.Faults.Schedules;

/// <summary>The judge is given one good history, and then the same with one thing wrong in it.</summary>
public sealed class ScheduleJudgeTests
{
    private const int Window = 2;

    /// <summary>What is done to the good history, and what is found then.</summary>
    private static readonly Dictionary<string, (Action<Story> Change, string Finding)> Faults = new()
    {
        ["a batch is written twice"] = (story => Answer(story.Repetition, Written(at: 9)), "duplicate"),
        ["a repetition gets another offset"] = (story => Answer(story.Repetition, Known(at: 2)), "inconsistent-offset"),
        ["a repetition is answered before the batch was there"] = (story => Answer(story.Early, Known(at: 3)), "lost-write"),
        ["a batch is written before the one it follows"] = (story => Answer(story.Early, Written(at: 9)), "gap"),
        ["a batch in its turn is refused"] = (story => Answer(story.Repetition, Refused(ErrorReasons.OutOfOrderSequenceNumber)), "refused"),
        ["a repetition within the window is not recognised"] =
            (story => Answer(story.Repetition, Refused(ErrorReasons.DuplicateSequenceNumber, isDefinite: false)), "refused"),
        ["a repetition is said to be certainly not written"] = (story => Answer(story.Late, Refused(ErrorReasons.DuplicateSequenceNumber)), "indefinite"),
        ["a gap is said to be perhaps written"] =
            (story => Answer(story.Early, Refused(ErrorReasons.OutOfOrderSequenceNumber, isDefinite: false)), "indefinite"),
        ["a batch is refused for another reason"] = (story => Answer(story.Repetition, Refused(ErrorReasons.CorruptMessage)), "refused"),
        ["the old epoch writes after the next was given"] = (story => Answer(story.Zombie, Written(at: 9)), "fence"),
        ["the old epoch is answered after the next was given"] = (story => Answer(story.Zombie, Known(at: 0)), "fence"),
        ["an epoch is refused that is the newest"] = (story => Answer(story.Last, Refused(ErrorReasons.InvalidProducerEpoch)), "refused"),
        ["a take-over is told too few records"] = (story => story.Second.Answer(1, epoch: 1, nextSequence: 3, lastOffset: 2, at: 51), "fence"),
        ["a batch has no answer"] = (story => story.History.Add(new Attempt(story.Last.Batch, epoch: 1, stream: 1, place: 9, sentAt: 90)), "stuck"),
        ["a record is not in the log"] = (story => story.Log.RemoveAt(1), "lost-write"),
        ["the end is not in the log"] = (story => story.Log.RemoveAt(story.Log.Count - 1), "lost-write"),
        ["a record is in the log twice"] = (story => story.Log.Insert(1, story.Log[0] with { Offset = 7 }), "duplicate"),
        ["a record is at another offset"] = (story => story.Log[1] = story.Log[1] with { Offset = 7 }, "inconsistent-offset"),
        ["a record of a refused batch is in the log"] =
            (story => story.Log.Add(new ReadBack(7, SentRecord.ValueOf(story.History.ProcessOf(0), 5), IsIntact: true)), "refused-but-written"),
        ["bytes are not those that were sent"] = (story => story.Log[1] = story.Log[1] with { IsIntact = false }, "corrupt-payload"),
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

    private static void Answer(Attempt attempt, BatchResult result) => attempt.Answer(result, attempt.AnsweredAt);

    private static BatchResult Written(long at) => new() { BaseOffset = at, Lsn = (ulong)at + 10 };

    private static BatchResult Known(long at) => new() { BaseOffset = at, Lsn = (ulong)at + 10, Duplicate = true };

    private static BatchResult Refused(string reason, bool isDefinite = true) => new() { Error = new Error { Reason = reason, Definite = isDefinite } };

    /// <summary>
    /// Three batches, the second too early the first time; the first repeated within the window and too late for it; then another
    /// instance, a batch of its own, and one of the old epoch that was held back.
    /// </summary>
    private sealed class Story
    {
        private int _time;

        public Story()
        {
            var opening = new Opening(++_time);
            opening.Answer(1, epoch: 0, nextSequence: 0, lastOffset: -1, at: ++_time);
            History.Add(opening);
            ScheduledBatch[] batches = [new(History.ProcessOf(0), 0, 2), new(History.ProcessOf(0), 2, 1), new(History.ProcessOf(0), 3, 1)];
            Early = Send(batches[1], epoch: 0, Refused(ErrorReasons.OutOfOrderSequenceNumber));
            Send(batches[0], epoch: 0, Written(at: 0));
            Repetition = Send(batches[0], epoch: 0, Known(at: 0));
            Send(batches[1], epoch: 0, Written(at: 2));
            Send(batches[2], epoch: 0, Written(at: 3));
            Late = Send(batches[0], epoch: 0, Refused(ErrorReasons.DuplicateSequenceNumber, isDefinite: false));
            _time = 49;
            Second = new Opening(++_time);
            Second.Answer(1, epoch: 1, nextSequence: 4, lastOffset: 3, at: ++_time);
            History.Add(Second);
            Zombie = Send(new ScheduledBatch(History.ProcessOf(0), 4, 2), epoch: 0, Refused(ErrorReasons.InvalidProducerEpoch));
            Last = Send(new ScheduledBatch(History.ProcessOf(1), 4, 1), epoch: 1, Written(at: 4));
            Log = [.. Enumerable.Range(0, 5).Select(at => new ReadBack(at, SentRecord.ValueOf(History.ProcessOf(at / 4), at), IsIntact: true))];
        }

        public ScheduleHistory History { get; } = new(number: 3, new LogName("log", 0));

        public Attempt Early { get; }

        public Attempt Repetition { get; }

        public Attempt Late { get; }

        public Opening Second { get; }

        public Attempt Zombie { get; }

        public Attempt Last { get; }

        public List<ReadBack> Log { get; }

        public Findings Judge()
        {
            var findings = new Findings();
            new ScheduleJudge(History, Window, findings).Check(Log);
            return findings;
        }

        private Attempt Send(ScheduledBatch batch, int epoch, BatchResult result)
        {
            var attempt = new Attempt(batch, epoch, stream: 0, place: _time, sentAt: ++_time);
            attempt.Answer(result, at: ++_time);
            History.Add(attempt);
            return attempt;
        }
    }
}
