using Broker.Checker.Anomalies;
using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Reports;

/// <summary>The part of a history that a finding is about: the records around its offset, and of its operations what touches them.</summary>
internal static class Excerpt
{
    // To each side of the offset.
    private const int Around = 3;

    // Of one operation, when nothing says which of its records matter.
    private const int RecordsMax = 8;

    // A cycle or a source with many records made from it may have more.
    private const int OperationsMax = 8;

    public static LogEntry[] LogOf(Facts facts, Finding finding) =>
        finding.Key < 0 || finding.Offset < 0 ? [] : [.. facts.Logs[finding.Key].Between(finding.Offset - Around, finding.Offset + Around + 1)];

    public static IEnumerable<Operation> OperationsOf(Facts facts, Finding finding) =>
        finding.Operations.Distinct().Take(OperationsMax).Select(ordinal => facts.History.Operations[ordinal]);

    public static SentRecord[] SendsOf(Operation operation, Finding finding) =>
        [.. operation.Sends.Where(sent => Concerns(finding, sent.Key, sent.Offset)).Take(RecordsMax)];

    public static PolledRecord[] PollsOf(Operation operation, Finding finding) =>
        [.. operation.Polls.Where(polled => Concerns(finding, polled.Key, polled.Offset)).Take(RecordsMax)];

    public static PartitionPosition[] PositionsOf(Operation operation, Finding finding) =>
        [.. operation.Positions.Where(each => Concerns(finding, each.Key, offset: -1)).Take(RecordsMax)];

    public static PartitionEnds[] EndsOf(Operation operation, Finding finding) =>
        [.. operation.Ends.Where(each => Concerns(finding, each.Key, offset: -1)).Take(RecordsMax)];

    private static bool Concerns(Finding finding, int key, long offset) =>
        finding.Key < 0 || (key == finding.Key && (offset < 0 || finding.Offset < 0 || Math.Abs(offset - finding.Offset) <= Around));
}
