using System.Runtime.CompilerServices;

namespace Broker.Engine.Producers;

/// <summary>Producers by when they were last used: a list of their own links. Guarded by the sequencer's lock.</summary>
internal sealed class IdleOrder
{
    private ProducerState? _newest;

    /// <summary>The one that was not used for the longest time.</summary>
    public ProducerState? Oldest { get; private set; }

    // Called a million times in a start, when what was called often is not yet compiled well.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void AddNewest(ProducerState producer)
    {
        producer.Older = _newest;
        producer.Newer = null;
        if (_newest is null)
        {
            Oldest = producer;
        }
        else
        {
            _newest.Newer = producer;
        }

        _newest = producer;
    }

    public void Remove(ProducerState producer)
    {
        if (producer.Older is null)
        {
            Oldest = producer.Newer;
        }
        else
        {
            producer.Older.Newer = producer.Newer;
        }

        if (producer.Newer is null)
        {
            _newest = producer.Older;
        }
        else
        {
            producer.Newer.Older = producer.Older;
        }

        producer.Older = producer.Newer = null;
    }
}
