using Broker.Checker.Histories;

namespace Broker.Tests.Checker.Model;

/// <summary>A broker that keeps its promises: one list for each partition, one thing at a time.</summary>
internal sealed class ModelBroker(int partitions)
{
    private readonly Dictionary<(string? Group, int Key), long> _groups = [];
    private readonly Dictionary<(int Key, long Value), long> _offsets = [];
    private readonly Dictionary<long, int> _epochs = [];
    private readonly HashSet<(long, int, long)> _committed = [];

    public List<long>[] Logs { get; } = [.. Enumerable.Range(0, partitions).Select(_ => new List<long>())];

    public long Incarnation { get; set; } = 1;

    public int NextEpoch(long producerId) => _epochs[producerId] = _epochs.GetValueOrDefault(producerId, -1) + 1;

    public bool IsFenced(HistoryEvent call) => call.Epoch >= 0 && call.Epoch < _epochs[call.ProducerId];

    public void NoteCommitted(HistoryEvent transaction) => _committed.Add(IdentityOf(transaction));

    public bool IsCommitted(HistoryEvent asked) => _committed.Contains(IdentityOf(asked));

    /// <summary>Writes what is not there yet, the records of a partition together.</summary>
    public SentRecord[] Append(SentRecord[] sends)
    {
        foreach (IGrouping<int, SentRecord> ofKey in sends.GroupBy(sent => sent.Key))
        {
            foreach (SentRecord sent in ofKey.Where(sent => _offsets.TryAdd((sent.Key, sent.Value), Logs[sent.Key].Count)))
            {
                Logs[sent.Key].Add(sent.Value);
            }
        }

        return [.. sends.Select(sent => sent with { Offset = _offsets[(sent.Key, sent.Value)] })];
    }

    public PolledRecord[] Read(int key, long position, int max) =>
        [.. Logs[key].GetRange((int)position, Math.Min(max, Logs[key].Count - (int)position)).Select((value, at) => new PolledRecord(key, position + at, value))];

    public void Commit(string? group, PartitionPosition[] positions)
    {
        foreach (PartitionPosition each in positions)
        {
            _groups[(group, each.Key)] = each.Position;
        }
    }

    public PartitionPosition[] Fetch(string? group, PartitionPosition[] asked) =>
        [.. asked.Select(each => each with { Position = _groups.GetValueOrDefault((group, each.Key), PartitionPosition.None) })];

    public PartitionEnds[] Ends() => [.. Logs.Select((log, key) => new PartitionEnds(key, LogStart: 0, log.Count))];

    private static (long, int, long) IdentityOf(HistoryEvent call) => (call.ProducerId, call.Epoch, call.TransactionNumber);
}
