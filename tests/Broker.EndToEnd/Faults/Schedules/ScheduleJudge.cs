using Broker.Client;
using Broker.Protocol.V1;

namespace Broker.EndToEnd.Faults.Schedules;

/// <summary>
/// Says what in the answers to one schedule, and in the log, cannot be: each batch once and in the order of sequences, each repetition
/// answered with the first offset, each gap refused, nothing of an epoch whose successor had been given.
/// </summary>
/// <param name="window">So many of its newest batches the broker recognises for certain.</param>
internal sealed class ScheduleJudge(ScheduleHistory history, int window, Findings findings)
{
    private readonly Dictionary<ScheduledBatch, Attempt> _accepted = [];

    /// <summary>The batches that were written, by sequence.</summary>
    private readonly SortedList<long, Attempt> _order = [];

    private bool _isFaulty;

    /// <param name="records">What the log holds of the schedule.</param>
    public void Check(IEnumerable<ReadBack> records)
    {
        foreach (Attempt attempt in history.Attempts.Where(attempt => attempt.IsAccepted))
        {
            if (!_accepted.TryAdd(attempt.Batch, attempt) || !_order.TryAdd(attempt.Batch.Sequence, attempt))
            {
                Add("duplicate", attempt, "was written a second time");
            }
        }

        foreach (Attempt attempt in history.Attempts)
        {
            Check(attempt);
        }

        foreach (Opening opening in history.Openings)
        {
            Check(opening);
        }

        CheckLog(records);
    }

    private void Check(Attempt attempt)
    {
        bool isFenced = history.Openings.Any(opening => opening.Epoch > attempt.Epoch && opening.IsBefore(attempt));
        if (isFenced && attempt.Result is not { Error.Reason: ErrorReasons.InvalidProducerEpoch })
        {
            Add("fence", attempt, "came after the next epoch had been given");
        }

        switch (attempt.Result)
        {
            case null:
                Add("stuck", attempt, "has had no answer");
                break;
            case { Error: { } error }:
                CheckRefusal(attempt, error);
                break;
            case { Duplicate: true }:
                CheckRepetition(attempt);
                break;
            default:
                CheckAcceptance(attempt);
                break;
        }
    }

    private void CheckRefusal(Attempt attempt, Error error)
    {
        bool isOlder = error.Reason == ErrorReasons.DuplicateSequenceNumber;
        if (error.Definite == isOlder)
        {
            Add("indefinite", attempt, $"is said to be {(error.Definite ? "certainly not" : "perhaps")} written");
        }

        bool mayBe = error.Reason switch
        {
            // What comes before was not there yet, perhaps.
            ErrorReasons.OutOfOrderSequenceNumber => attempt.Batch.Sequence > 0 && Predecessor(attempt.Batch)?.IsBefore(attempt) != true,
            ErrorReasons.DuplicateSequenceNumber => _accepted.TryGetValue(attempt.Batch, out Attempt? first) && !attempt.IsBefore(first)
                && _order.Values.Count(later => later.Batch.Sequence > attempt.Batch.Sequence && !attempt.IsBefore(later)) >= window,
            ErrorReasons.InvalidProducerEpoch => history.Openings.Any(opening => opening.Epoch > attempt.Epoch && !attempt.IsBefore(opening)),
            _ => false,
        };
        if (!mayBe)
        {
            Add("refused", attempt, "should have been taken or recognised");
        }
    }

    private void CheckRepetition(Attempt attempt)
    {
        if (!_accepted.TryGetValue(attempt.Batch, out Attempt? first) || attempt.IsBefore(first))
        {
            Add("lost-write", attempt, "repeats what had not been written");
        }
        else if (attempt.Result!.BaseOffset != first.Result!.BaseOffset || attempt.Result.AppendTimeMs != first.Result.AppendTimeMs)
        {
            Add("inconsistent-offset", attempt, $"was written at {first.Result.BaseOffset}");
        }
    }

    private void CheckAcceptance(Attempt attempt)
    {
        if (attempt.Batch.Sequence > 0)
        {
            Attempt? before = Predecessor(attempt.Batch);
            if (before is null || attempt.IsBefore(before))
            {
                Add("gap", attempt, "was written without the one before it");
            }
            else if (before.Result!.Lsn >= attempt.Result!.Lsn || before.Result.BaseOffset + before.Batch.RecordCount > attempt.Result.BaseOffset)
            {
                Add("nonmonotonic-send", attempt, $"was written before sequence {before.Batch.Sequence}");
            }
        }
    }

    /// <summary>Nothing may be added to what the answer said.</summary>
    private void Check(Opening opening)
    {
        Attempt? last = _order.Values.LastOrDefault(attempt => attempt.Epoch < opening.Epoch);
        long lastOffset = last is null ? -1 : last.Result!.BaseOffset + last.Batch.RecordCount - 1;
        if ((opening.NextSequence, opening.LastOffset) != (last?.Batch.EndSequence ?? 0, lastOffset))
        {
            Add("fence", opening, $"before it came {last}, which ends at {lastOffset}");
        }
    }

    private void CheckLog(IEnumerable<ReadBack> records)
    {
        long next = 0;
        foreach (ReadBack record in records)
        {
            (int process, int sequence) = SentRecord.Parse(record.Value);
            string place = $"{history.Log} offset {record.Offset} holds {process}:{sequence}";
            if (!record.IsIntact)
            {
                Add("corrupt-payload", place);
                continue;
            }

            Attempt? writer = _order.Values.LastOrDefault(attempt => attempt.Batch.Sequence <= sequence);
            if (writer is null || writer.Batch.Process != process || sequence >= writer.Batch.EndSequence)
            {
                Add("refused-but-written", place);
            }
            else if (writer.Result!.BaseOffset + sequence - writer.Batch.Sequence != record.Offset)
            {
                Add("inconsistent-offset", $"{place}, acked {writer}");
            }

            if (sequence != next)
            {
                Add(sequence < next ? "duplicate" : "lost-write", $"{place}, expected {next}");
            }

            next = sequence + 1;
        }

        long end = _order.Count == 0 ? 0 : _order.Values[^1].Batch.EndSequence;
        if (next != end)
        {
            Add("lost-write", $"{history.Log} ends with sequence {next - 1} of {end} in schedule {history.Number}");
        }
    }

    /// <summary>The batch that must be there before; null when it was not written.</summary>
    private Attempt? Predecessor(ScheduledBatch batch) => _order.Values.FirstOrDefault(attempt => attempt.Batch.EndSequence == batch.Sequence);

    private void Add(string kind, ScheduledCall call, string what) => Add(kind, $"{call} {what}");

    private void Add(string kind, string what)
    {
        findings.Add(kind, _isFaulty ? what : $"{what}\n  {history}");
        _isFaulty = true;
    }
}
