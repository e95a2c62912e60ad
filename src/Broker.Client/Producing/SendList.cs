namespace Broker.Client.Producing;

/// <summary>
/// Queues that may have something to send, each at most once per list, first come first served. Those with a whole batch
/// are apart from those that only gather, so that many idle gatherers cost nothing while batches fill elsewhere.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class SendList
{
    private readonly Lock _gate = new();
    private readonly Queue<PartitionQueue> _full = new();
    private readonly Queue<PartitionQueue> _unfinished = new();

    public void Add(PartitionQueue queue, QueueMarks mark)
    {
        lock (_gate)
        {
            if ((queue.Marks & mark) == 0)
            {
                queue.Marks |= mark;
                (mark == QueueMarks.Full ? _full : _unfinished).Enqueue(queue);
            }
        }
    }

    public int Count(QueueMarks mark)
    {
        lock (_gate)
        {
            return (mark == QueueMarks.Full ? _full : _unfinished).Count;
        }
    }

    public PartitionQueue? Next(QueueMarks mark)
    {
        lock (_gate)
        {
            if (!(mark == QueueMarks.Full ? _full : _unfinished).TryDequeue(out PartitionQueue? queue))
            {
                return null;
            }

            queue.Marks &= ~mark;
            return queue;
        }
    }
}
