namespace Broker.Engine.Producers;

/// <summary>
/// Producers with windows that a checkpoint has to write, in their own links: a million at once would leave the room of a list behind.
/// Guarded by the sequencer's lock.
/// </summary>
internal sealed class DirtyProducers
{
    private ProducerState? _newest;

    /// <summary>A producer is on one list at most.</summary>
    public void Add(ProducerState producer)
    {
        if (!producer.IsDirty)
        {
            producer.IsDirty = true;
            producer.NextDirty = _newest;
            _newest = producer;
        }
    }

    /// <summary>Takes every producer off the list; those that stay dirty are to be added again.</summary>
    public IEnumerable<ProducerState> TakeAll()
    {
        ProducerState? next = _newest;
        _newest = null;
        while (next is { } producer)
        {
            next = producer.NextDirty;
            producer.NextDirty = null;
            producer.IsDirty = false;
            yield return producer;
        }
    }
}
