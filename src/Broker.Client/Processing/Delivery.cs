using Broker.Client.Producing;

namespace Broker.Client.Processing;

/// <summary>How a processor sends and commits, by its mode.</summary>
internal abstract class Delivery : IAsyncDisposable
{
    /// <summary>Before offsets are read: nobody else commits under this name any more.</summary>
    public virtual Task TakeOverAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Before a batch is handed to the handler.</summary>
    public virtual ValueTask BeginAsync(ConsumedBatch batch, CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>Where a handler's records go.</summary>
    public abstract IRecordSink Sink { get; }

    /// <summary>Everything up to these offsets was handled.</summary>
    public abstract Task CompleteAsync(IReadOnlyList<TopicPartitionOffset> offsets, CancellationToken cancellationToken);

    /// <summary>The run ends in the middle. Throws nothing.</summary>
    public virtual ValueTask GiveUpAsync() => ValueTask.CompletedTask;

    public abstract ValueTask DisposeAsync();
}
