using System.Diagnostics;

namespace Broker.EndToEnd.Faults;

/// <summary>
/// Compares what was sent with what is in the log, while nothing is in flight. What it finds is named as Jepsen names it.
/// </summary>
/// <param name="firstCheck">Checks are numbered from here: two checkers of one history use numbers of their own.</param>
/// <param name="unsyncedTopics">Acked before they are synced: what was acked there before a power cut may be gone.</param>
internal sealed class HistoryChecker(int firstCheck, params string[] unsyncedTopics)
{
    private readonly Dictionary<LogName, long> _logStarts = [];
    private long _answeredBefore;
    private long _powerCutAt = long.MinValue;
    private int _checks = firstCheck;

    public HistoryChecker(params string[] unsyncedTopics)
        : this(firstCheck: 0, unsyncedTopics)
    {
    }

    /// <summary>The processes whose sends may fail: they do not wait as long as the broker may need.</summary>
    public HashSet<int> Impatient { get; init; } = [];

    /// <summary>Acked records that were gone at the last check, as they may be.</summary>
    public int LostUnsynced { get; private set; }

    /// <summary>Now, on the monotonic clock, nothing is left but what had been synced.</summary>
    public void NotePowerCut() => _powerCutAt = Stopwatch.GetTimestamp();

    /// <param name="sent">By process: everything it sent, the index being the counter.</param>
    /// <param name="answeredBefore">When reading began while sends were under way: what was acked before must be there.</param>
    public Findings Check(
        IReadOnlyDictionary<int, IReadOnlyList<SentRecord>> sent, IReadOnlyList<LogContent> logs, long answeredBefore = long.MaxValue)
    {
        _checks++;
        _answeredBefore = answeredBefore;
        LostUnsynced = 0;
        var findings = new Findings();
        foreach (LogContent log in logs)
        {
            CheckLog(sent, log, findings);
        }

        Dictionary<LogName, long> starts = logs.ToDictionary(log => log.Name, log => log.LogStart);
        foreach (SentRecord record in sent.Values.SelectMany(records => records))
        {
            CheckRecord(record, starts, findings);
        }

        return findings;
    }

    private void CheckLog(IReadOnlyDictionary<int, IReadOnlyList<SentRecord>> sent, LogContent log, Findings findings)
    {
        var lastCounters = new Dictionary<int, int>();
        long expectedOffset = log.LogStart;
        long invokedMax = long.MinValue;
        foreach (ReadBack read in log.Records)
        {
            string place = $"{log.Name} offset {read.Offset}";
            if (read.Offset != expectedOffset)
            {
                findings.Add("offset-gap", $"{place}, expected {expectedOffset}");
            }

            expectedOffset = read.Offset + 1;
            if (!read.IsIntact)
            {
                findings.Add("corrupt-payload", $"{place} holds bytes that nobody sent");
                continue;
            }

            (int process, int counter) = SentRecord.Parse(read.Value);
            if (!sent.TryGetValue(process, out IReadOnlyList<SentRecord>? records) || counter >= records.Count)
            {
                findings.Add("fabricated", $"{place} holds {process}:{counter}, which was never sent");
                continue;
            }

            SentRecord record = records[counter];
            CheckPlace(record, log.Name, read.Offset, findings);
            if (lastCounters.TryGetValue(process, out int last) && counter <= last)
            {
                findings.Add("nonmonotonic-send", $"{place} holds {process}:{counter} after {process}:{last}");
            }

            lastCounters[process] = counter;
            if (record.CompletedAt < invokedMax)
            {
                findings.Add("realtime-order", $"{place} was acked before a record at a lower offset was sent");
            }

            invokedMax = Math.Max(invokedMax, record.InvokedAt);
        }

        if (log.HighWatermark != expectedOffset && _answeredBefore == long.MaxValue)
        {
            findings.Add("short-read", $"{log.Name} ends at {log.HighWatermark}, reading ended at {expectedOffset}");
        }

        if (_logStarts.TryGetValue(log.Name, out long startBefore) && log.LogStart < startBefore)
        {
            findings.Add("log-start-regress", $"{log.Name} began at {startBefore} and begins at {log.LogStart} now");
        }

        _logStarts[log.Name] = log.LogStart;
    }

    private void CheckPlace(SentRecord record, LogName log, long offset, Findings findings)
    {
        string name = $"{record.Process}:{record.Counter}";
        if (record.SeenInCheck == _checks)
        {
            findings.Add("duplicate", $"{name} is in {log} at {record.SeenAtOffset} and at {offset}");
        }

        record.SeenInCheck = _checks;
        record.SeenAtOffset = offset;
        if (record.Log != log)
        {
            findings.Add("wrong-partition", $"{name} was sent to {record.Log} and is in {log}");
        }

        if (record.Outcome == SendOutcome.Acked && record.Offset != offset)
        {
            findings.Add("inconsistent-offset", $"{name} in {log} was acked at {record.Offset} and is at {offset}");
        }

        if (record.Outcome == SendOutcome.Refused)
        {
            findings.Add("refused-but-written", $"{name} in {log} at {offset}: {record.Failure}");
        }
    }

    private void CheckRecord(SentRecord record, Dictionary<LogName, long> starts, Findings findings)
    {
        string name = $"{record.Process}:{record.Counter}";
        bool isRetained = starts.TryGetValue(record.Log, out long start) && record.Offset >= start;
        if (record.Outcome == SendOutcome.Acked && isRetained && record.SeenInCheck != _checks && record.CompletedAt < _answeredBefore)
        {
            if (record.CompletedAt < _powerCutAt && unsyncedTopics.Contains(record.Log.Topic))
            {
                LostUnsynced++;
                return;
            }

            findings.Add("lost-write", $"{name} was acked at {record.Log} offset {record.Offset} and is not there");
        }

        if (record.Outcome == SendOutcome.Pending && _answeredBefore == long.MaxValue)
        {
            findings.Add("stuck", $"{name} for {record.Log} has had no answer");
        }

        // The client sends again until its delivery timeout, which no restart comes near.
        if (record.Outcome is SendOutcome.Refused or SendOutcome.Unknown && !Impatient.Contains(record.Process))
        {
            findings.Add("failed-send", $"{name} for {record.Log}: {record.Failure}");
        }
    }
}
