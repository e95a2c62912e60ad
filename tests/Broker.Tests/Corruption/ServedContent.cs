using Broker.Engine;
using Broker.Engine.Topics;

namespace Broker.Tests.Corruption;

/// <summary>Every byte that an undamaged broker serves, and the judgement of what a damaged one serves in its place.</summary>
internal sealed class ServedContent
{
    private readonly Dictionary<(string Topic, int Partition), PartitionBytes> _partitions = [];

    public PartitionBytes this[string topic, int partition] => _partitions[(topic, partition)];

    public int PartitionCount => _partitions.Count;

    public void Take(BrokerEngine engine)
    {
        foreach (PartitionHandle partition in engine.Topics.SelectMany(t => t.Partitions))
        {
            _partitions[(partition.TopicName, partition.Partition)] = PartitionBytes.Read(partition);
        }
    }

    /// <summary>Reads all partitions from end to end.</summary>
    /// <returns>Same, NotServed, WrongBytes or SilentLoss.</returns>
    public Outcome Judge(BrokerEngine engine, out string details)
    {
        details = "";
        Outcome worst = Outcome.Same;
        foreach (((string topic, int number), PartitionBytes expected) in _partitions)
        {
            PartitionHandle? partition = engine.FindTopic(topic)?.Partitions.ElementAtOrDefault(number);
            if (partition is null || partition.HighWatermark != expected.HighWatermark || partition.LogStartOffset != expected.LogStart)
            {
                details = $"{topic}/{number} ends at {partition?.HighWatermark}, not {expected.HighWatermark}";
                return Outcome.SilentLoss;
            }

            Outcome outcome = expected.Judge(partition, out string found);
            if (outcome > worst)
            {
                (worst, details) = (outcome, $"{topic}/{number}: {found}");
            }
        }

        return engine.Topics.Sum(t => t.Partitions.Count) == _partitions.Count ? worst : Outcome.SilentLoss;
    }
}
