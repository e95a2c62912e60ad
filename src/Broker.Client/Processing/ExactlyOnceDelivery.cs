using Broker.Client.Producing;
using Broker.Client.Transport;

namespace Broker.Client.Processing;

/// <summary>What is sent, and the offsets, in one transaction.</summary>
internal sealed class ExactlyOnceDelivery(ClientContext context, ProcessorOptions options) : Delivery
{
    private readonly TransactionalProducer _producer = new(context, options.Producer.WithName(options.ProducerName));
    private Transaction? _transaction;

    public override Task TakeOverAsync(CancellationToken cancellationToken) => _producer.InitTransactionsAsync(cancellationToken);

    public override async ValueTask BeginAsync(ConsumedBatch batch, CancellationToken cancellationToken) =>
        _transaction ??= await _producer.BeginAsync(cancellationToken).ConfigureAwait(false);

    public override IRecordSink Sink => Current;

    public override async Task CompleteAsync(IReadOnlyList<TopicPartitionOffset> offsets, CancellationToken cancellationToken)
    {
        Current.SendOffsets(options.Group, offsets);
        await Current.CommitAsync(cancellationToken).ConfigureAwait(false);
        _transaction = null;
    }

    public override async ValueTask GiveUpAsync()
    {
        if (_transaction is { } open)
        {
            _transaction = null;
            await open.DisposeAsync().ConfigureAwait(false);
        }
    }

    public override ValueTask DisposeAsync() => _producer.DisposeAsync();

    private Transaction Current => _transaction ?? throw new InvalidOperationException("A handler's output may be used during its call only.");
}
