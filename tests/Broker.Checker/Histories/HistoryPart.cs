namespace Broker.Checker.Histories;

/// <summary>What one process wrote of a run in which several did.</summary>
/// <param name="EndedNs">When the process was killed: what had no answer by then is in doubt. Null: it came to its end.</param>
internal readonly record struct HistoryPart(string Path, long? EndedNs = null);
