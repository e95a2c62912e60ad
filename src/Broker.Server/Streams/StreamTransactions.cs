using Broker.Engine;
using Broker.Engine.Transactions;
using Broker.Protocol;
using Broker.Records;

namespace Broker.Server.Streams;

/// <summary>The newest transaction of each producer that sent over one stream: when the stream ends, they may be abandoned.</summary>
internal sealed class StreamTransactions
{
    private readonly Dictionary<long, long> _numbers = [];

    public void Note(in FrameBatch batch, in TransactionContext? transaction)
    {
        if (transaction is { } context && batch.StoredBatch.Length >= StoredBatch.OverheadBytes)
        {
            _numbers[new StoredBatchView(batch.StoredBatch.Span).ProducerId] = context.Number;
        }
    }

    public void NoteLost(BrokerEngine engine)
    {
        foreach ((long producerId, long number) in _numbers)
        {
            engine.NoteTransactionLost(producerId, number);
        }
    }
}
