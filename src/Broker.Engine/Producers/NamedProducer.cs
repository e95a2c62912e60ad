using Broker.Engine.Transactions;

namespace Broker.Engine.Producers;

/// <summary>A producer with a name: it lives on with it, and may begin transactions.</summary>
internal sealed class NamedProducer(long id, int epoch, string name, string clientId) : ProducerState(id, epoch, clientId)
{
    private ProducerTransactions? _transactions;

    public override string Name => name;

    public override ProducerTransactions? Transactions => _transactions;

    public ProducerTransactions TransactionsOrNew() => _transactions ??= new ProducerTransactions(this);
}
