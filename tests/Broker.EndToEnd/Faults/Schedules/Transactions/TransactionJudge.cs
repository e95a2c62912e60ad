using Broker.Client;
using Broker.Protocol.V1;

namespace Broker.EndToEnd.Faults.Schedules.Transactions;

/// <summary>
/// Says what in the answers to one schedule, and in the log, cannot be: each transaction is whole, in one piece and where every answer says,
/// or nowhere; one that was said to be aborted, or of an epoch whose successor had been given, or of which a batch is missing, is nowhere.
/// </summary>
internal sealed class TransactionJudge(TransactionHistory history, Findings findings)
{
    private bool _isFaulty;

    /// <param name="logs">What each of the two partitions holds of the schedule, in order.</param>
    public void Check(IReadOnlyList<IReadOnlyList<ReadBack>> logs)
    {
        foreach (TransactionCall call in history.Openings.Concat(history.Calls).Where(call => call.AnsweredAt == long.MaxValue))
        {
            Add("stuck", $"{call} has had no answer");
        }

        var expected = logs.Select(_ => new Dictionary<long, long>()).ToArray();
        foreach (IGrouping<(int, int), TransactionCall> calls in history.Calls.GroupBy(call => (call.Epoch, call.Number)))
        {
            Check([.. calls], expected);
        }

        for (int slot = 0; slot < logs.Count; slot++)
        {
            CheckLog(slot, logs[slot], expected[slot]);
        }
    }

    private void Check(TransactionCall[] calls, Dictionary<long, long>[] expected)
    {
        foreach (TransactionCall send in calls.Where(call => call.Kind == CallKind.Send && call.IsDone && IsFenced(call)))
        {
            Add("fence", $"{send} came after the next epoch had been given");
        }

        TransactionCall[] committed = [.. calls.Where(call => call.Commit is not null)];
        foreach (TransactionCall refused in calls.Where(call => call.Kind == CallKind.Commit && !call.IsDone && !MayWait(call, calls) && MustCommit(call, calls)))
        {
            Add("refused", $"{refused} had all of it before, and nothing in its way");
        }

        if (committed.Length == 0)
        {
            return;
        }

        TransactionCommit commit = committed[0].Commit!;
        foreach (TransactionCall other in committed.Where(call => call.Commit!.Lsn != commit.Lsn || !call.Commit.Partitions.SequenceEqual(commit.Partitions)))
        {
            Add("inconsistent-offset", $"{other} and {committed[0]} tell other places");
        }

        foreach (TransactionCall aborted in calls.Where(call => call.SaysAborted))
        {
            Add("double-outcome", $"{aborted} says aborted, and {committed[0]}");
        }

        if (calls.Where(call => call.Kind == CallKind.Commit).All(IsFenced))
        {
            Add("fence", $"{committed[0]} was asked for only after the next epoch had been given");
        }

        CheckContent(calls, commit, committed.Min(call => call.AnsweredAt), expected);
    }

    /// <summary>A commit holds what its manifest said, and the broker had been given all of that before it answered.</summary>
    private void CheckContent(TransactionCall[] calls, TransactionCommit commit, long answeredAt, Dictionary<long, long>[] expected)
    {
        (int instance, int number) = (calls[0].Step.Instance, calls[0].Number);
        for (int slot = 0; slot < history.Logs.Length; slot++)
        {
            int batches = history.BatchCount(instance, number, slot), records = TransactionHistory.RecordCount(batches);
            for (int batch = 0; batch < batches; batch++)
            {
                if (!calls.Any(call => IsTaken(call, slot, batch) && call.SentAt < answeredAt))
                {
                    Add("gap", $"{calls[0]}: committed without batch {slot}/{batch}");
                }
            }

            CommittedPartition? place = commit.Partitions.SingleOrDefault(each => each.Partition == history.Logs[slot].Partition);
            if ((place?.RecordCount ?? 0) != records)
            {
                Add("torn-txn", $"{calls[0]}: committed with {place?.RecordCount ?? 0} of {records} records in {history.Logs[slot]}");
            }

            for (int record = 0; record < records && place is not null; record++)
            {
                expected[slot].TryAdd(history.ValueOf(instance, number, slot, record), place.BaseOffset + record);
            }
        }
    }

    private void CheckLog(int slot, IReadOnlyList<ReadBack> records, Dictionary<long, long> expected)
    {
        var seen = new HashSet<long>();
        foreach (ReadBack record in records)
        {
            (_, int instance, int transaction) = TransactionHistory.Parse(record.Value);
            string place = $"{history.Logs[slot]} offset {record.Offset} holds transaction {transaction} of instance {instance}";
            if (!record.IsIntact)
            {
                Add("corrupt-payload", place);
            }
            else if (!expected.TryGetValue(record.Value, out long offset))
            {
                Add("G1a", $"{place}, which was not committed");
            }
            else if (!seen.Add(record.Value))
            {
                Add("duplicate", place);
            }
            else if (offset != record.Offset)
            {
                Add("inconsistent-offset", $"{place}, told at {offset}");
            }
        }

        if (expected.Keys.Except(seen).Any())
        {
            Add("torn-txn", $"{history.Logs[slot]} has {seen.Count} of {expected.Count} committed records");
        }
    }

    /// <summary>A stream that has refused a batch of a transaction leaves its commit to a call of its own.</summary>
    private static bool MayWait(TransactionCall commit, TransactionCall[] calls) =>
        commit is { Step.IsOverStream: true, Refusal: ErrorReasons.PrecedingBatchRefused }
        && calls.Any(call => call.Kind == CallKind.Send && call.Refusal is not null && call.Step.Stream == commit.Step.Stream && call.SentAt < commit.SentAt);

    /// <summary>Whether a commit could not but succeed: all its batches had been taken, and no call that ends it otherwise was made before its answer.</summary>
    private bool MustCommit(TransactionCall commit, TransactionCall[] calls)
    {
        bool Disturbs(TransactionCall other) => other != commit && other.SentAt < commit.AnsweredAt
            && (other.Epoch > commit.Epoch || other.Number > commit.Number || other.Kind is CallKind.Abort or CallKind.Outcome or CallKind.Commit);
        bool IsWhole(int slot) => Enumerable.Range(0, history.BatchCount(commit.Step.Instance, commit.Number, slot))
            .All(batch => calls.Any(call => IsTaken(call, slot, batch) && call.IsBefore(commit)));
        return !commit.IsAfterRestart && !history.Openings.Any(opening => opening.Epoch > commit.Epoch && opening.SentAt < commit.AnsweredAt)
            && !calls.Concat(history.Calls.Where(call => call.Epoch == commit.Epoch && call.Number > commit.Number)).Any(Disturbs)
            && Enumerable.Range(0, history.Logs.Length).All(IsWhole);
    }

    private bool IsFenced(TransactionCall call) => history.Openings.Any(opening => opening.Epoch > call.Epoch && opening.IsBefore(call));

    private static bool IsTaken(TransactionCall call, int slot, int batch) =>
        call.Kind == CallKind.Send && call.IsDone && (call.Step.Slot, call.Step.Batch) == (slot, batch);

    private void Add(string kind, string what)
    {
        findings.Add(kind, _isFaulty ? what : $"{what}\n  {history}");
        _isFaulty = true;
    }
}
