namespace Broker.Client.Processing;

/// <summary>What was handled since the last commit.</summary>
internal sealed class ProcessorRound(ProcessorOptions options, TimeProvider time)
{
    private readonly Dictionary<(string Topic, int Partition), long> _next = [];
    private long _startedAt;
    private long _records;

    public bool HasOffsets => _next.Count > 0;

    /// <summary>It is time to commit, whatever there is to read.</summary>
    public bool IsFull => HasOffsets && (_records >= options.CommitRecords || time.GetElapsedTime(_startedAt) >= options.CommitInterval);

    public void Add(ConsumedBatch batch)
    {
        if (!HasOffsets)
        {
            _startedAt = time.GetTimestamp();
        }

        _next[(batch.Topic, batch.Partition)] = batch.NextOffset;
        _records += batch.RecordCount;
    }

    public TopicPartitionOffset[] TakeOffsets()
    {
        TopicPartitionOffset[] offsets = [.. _next.Select(next => new TopicPartitionOffset(next.Key.Topic, next.Key.Partition, next.Value))];
        _next.Clear();
        _records = 0;
        return offsets;
    }
}
