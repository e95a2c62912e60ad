namespace Broker.Checker.Anomalies;

/// <summary>What can be wrong with a history, in Jepsen's words where it has one. docs/testing.md has the same table.</summary>
/// <param name="Name">Never renamed: programs read it.</param>
/// <param name="Rule">What is found, in one line.</param>
internal sealed record Anomaly(string Name, string Rule)
{
    public static readonly Anomaly InconsistentOffset = new("inconsistent-offset", "two records at one offset, or one that is not where its ack said");
    public static readonly Anomaly Fabricated = new("fabricated", "a record that nobody sent there, or that was polled before it was sent");
    public static readonly Anomaly CorruptPayload = new("corrupt-payload", "a record whose payload does not pass its own checks");
    public static readonly Anomaly AbortedRead = new("G1a", "something of a failed or aborted call is polled, or its offsets are fetched");
    public static readonly Anomaly PrecommittedRead = new("precommitted-read", "a transaction polls what it sent itself, or somebody does before it asked to commit");
    public static readonly Anomaly DoubleOutcome = new("double-outcome", "a transaction is said to be committed and to be aborted");
    public static readonly Anomaly LostWrite = new("lost-write", "a committed record that nobody polled, though a reader went over its offset");
    public static readonly Anomaly Unseen = new("unseen", "a committed record that nobody polled, though its partition was drained");
    public static readonly Anomaly TornTransaction = new("torn-txn", "a part of a transaction or batch is polled, and a part is missing");
    public static readonly Anomaly Duplicate = new("duplicate", "a record at more than one offset");
    public static readonly Anomaly OffsetGap = new("offset-gap", "a reader jumped over offsets at which there is nothing");
    public static readonly Anomaly PollSkip = new("poll-skip", "from one call to the next, a reader missed records that others polled");
    public static readonly Anomaly PollSkipWithin = new("int-poll-skip", "within one call, a reader missed records that others polled");
    public static readonly Anomaly NonmonotonicPoll = new("nonmonotonic-poll", "from one call to the next, a reader went back");
    public static readonly Anomaly NonmonotonicPollWithin = new("int-nonmonotonic-poll", "within one call, a reader went back");
    public static readonly Anomaly NonmonotonicSend = new("nonmonotonic-send", "a later call of a process wrote to a lower offset");
    public static readonly Anomaly NonmonotonicSendWithin = new("int-nonmonotonic-send", "records of one call are in another order than they were sent");
    public static readonly Anomaly SendSkipWithin = new("int-send-skip", "records of a transaction or batch do not stand together in a partition");
    public static readonly Anomaly RealtimeOrder = new("realtime-order", "a record was acked or polled before one at a lower offset was sent");
    public static readonly Anomaly RetryOffset = new("retry-offset", "a batch that was sent again is acked at another offset");
    public static readonly Anomaly Fence = new("fence", "a producer goes on after a later epoch was given, or an epoch does not rise");
    public static readonly Anomaly OffsetAhead = new("offset-ahead", "an offset of a group lies beyond the end of the log");
    public static readonly Anomaly OffsetLost = new("offset-lost", "an acked offset of a group is gone: there is none, or one that nobody committed");
    public static readonly Anomaly OffsetRegress = new("offset-regress", "an offset of a group is one that a later commit had replaced");
    public static readonly Anomaly ExactlyOnceTransform = new("eo-transform", "a consumed record has no record made from it, or more than one");
    public static readonly Anomaly LogEndRegress = new("leo-regress", "a log ends before a record that was acked or polled");
    public static readonly Anomaly Stuck = new("stuck", "a call has no answer, or a reader gets nothing though there is more, for 10 s");
    public static readonly Anomaly DirtyWrite = new("G0", "a cycle of writes");
    public static readonly Anomaly CircularInformationFlow = new("G1c", "a cycle of writes and reads");
    public static readonly Anomaly SingleAntiDependency = new("G-single", "a cycle in which one transaction had not read what another one wrote");
    public static readonly Anomaly AntiDependencyCycle = new("G2", "a cycle in which several had not");

    public static IReadOnlyList<Anomaly> All { get; } =
    [
        InconsistentOffset, Fabricated, CorruptPayload, AbortedRead, PrecommittedRead, DoubleOutcome, LostWrite, Unseen, TornTransaction, Duplicate,
        OffsetGap, PollSkip, PollSkipWithin, NonmonotonicPoll, NonmonotonicPollWithin, NonmonotonicSend, NonmonotonicSendWithin, SendSkipWithin,
        RealtimeOrder, RetryOffset, Fence, OffsetAhead, OffsetLost, OffsetRegress, ExactlyOnceTransform, LogEndRegress, Stuck,
        DirtyWrite, CircularInformationFlow, SingleAntiDependency, AntiDependencyCycle,
    ];
}
