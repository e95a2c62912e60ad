using Broker.Checker.Anomalies;
using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Reports;

/// <summary>A verdict for people. Operations are called by the number of the event that began them, the field i.</summary>
internal static class TextReport
{
    public static void Write(TextWriter text, string path, Verdict verdict)
    {
        Figures figures = verdict.Figures;
        History history = verdict.Facts.History;
        text.WriteLine($"{path}{(history.Header.Seed is { } seed ? $", seed {seed}" : "")}{(history.IsTorn ? "; its last line is cut off and was left out" : "")}");
        text.WriteLine(
            $"  {figures.Operations} operations of {figures.Processes} processes, {figures.Incarnations} runs of the broker: "
            + $"{figures.Ok} ok, {figures.Failed} failed, {figures.InDoubt} in doubt");
        text.WriteLine(
            $"  {figures.RecordsSent} records sent, {figures.RecordsCommitted} committed, {figures.RecordsPolled} polled, {figures.RecordsUnseen} unseen; "
            + $"{figures.PartitionsDrained} of {figures.Partitions} partitions drained");
        (Anomaly Anomaly, int Count)[] counts = [.. verdict.Findings.Counts];
        if (counts.Length > 0)
        {
            WriteTable(text, verdict.Policy, counts);
        }

        foreach ((Anomaly anomaly, _) in counts)
        {
            text.WriteLine();
            foreach (Finding finding in verdict.Findings.ExamplesOf(anomaly))
            {
                WriteFinding(text, verdict.Facts, finding);
            }
        }

        text.WriteLine(counts.Length > 0 ? $"\n  {verdict.Words}" : $"  {verdict.Words}");
    }

    private static void WriteTable(TextWriter text, Policy policy, (Anomaly Anomaly, int Count)[] counts)
    {
        int width = counts.Max(each => each.Anomaly.Name.Length);
        text.WriteLine();
        text.WriteLine($"  {"ANOMALY".PadRight(width)}  {"COUNT",7}  {"VERDICT",-9}  WHAT");
        foreach ((Anomaly anomaly, int count) in counts)
        {
            text.WriteLine($"  {anomaly.Name.PadRight(width)}  {count,7}  {(policy.Forbids(anomaly) ? "forbidden" : "reported"),-9}  {anomaly.Rule}");
        }
    }

    private static void WriteFinding(TextWriter text, Facts facts, Finding finding)
    {
        text.WriteLine($"  {finding.Anomaly.Name}: {finding.What}");
        foreach (LogEntry entry in Excerpt.LogOf(facts, finding))
        {
            string writer = entry.Write < 0 ? "sent by nobody"
                : $"sent by {facts.History.Operations[facts.Writes.All[entry.Write].Operation].InvokedAt}";
            string value = entry.Value == PolledRecord.NoValue ? "no value" : $"value {entry.Value}";
            text.WriteLine($"      offset {entry.Offset}: {value}, {writer}, {(entry.IsPolled ? "polled" : "acked")}");
        }

        foreach (Operation operation in Excerpt.OperationsOf(facts, finding))
        {
            text.WriteLine($"      {Describe(facts.History, operation, finding)}");
        }
    }

    private static string Describe(History history, Operation operation, Finding finding)
    {
        string end = operation.EndedAt == Operation.Never ? "without an end" : $"{Names.Of(operation.Outcome)} at {operation.EndedAt}";
        string producer = operation.ProducerId < 0 ? "" : $", producer {operation.ProducerId} epoch {operation.Epoch}";
        string transaction = operation.TransactionNumber < 0 ? "" : $" transaction {operation.TransactionNumber}";
        string[] contents =
        [
            Join("polled", Excerpt.PollsOf(operation, finding).Select(polled => Record(history, polled.Key, polled.Offset, polled.Value))),
            Join("sent", Excerpt.SendsOf(operation, finding).Select(sent => Record(history, sent.Key, sent.Offset, sent.Value))),
            Join(operation.Group ?? "from", Excerpt.PositionsOf(operation, finding).Select(each => $"{history.NameOf(each.Key)}:{each.Position}")),
            Join("ends", Excerpt.EndsOf(operation, finding).Select(each => $"{history.NameOf(each.Key)}:{each.LogStart}..{each.HighWatermark}")),
            operation.Error ?? "",
        ];
        return $"{operation.InvokedAt}: {Names.Of(operation.Function)} of process {operation.Process}{producer}{transaction}, {end}"
            + string.Concat(contents.Where(content => content.Length > 0).Select(content => $"; {content}"));
    }

    private static string Record(History history, int key, long offset, long value) =>
        offset < 0 ? $"{history.NameOf(key)}={value}" : $"{history.NameOf(key)}[{offset}]={value}";

    private static string Join(string title, IEnumerable<string> parts)
    {
        string joined = string.Join(' ', parts);
        return joined.Length == 0 ? "" : $"{title} {joined}";
    }
}
