using Broker.Client.Producing;
using Broker.Client.Transactions;
using Broker.Client.Transport;

namespace Broker.Client;

/// <summary>
/// Sends records in transactions, one after the other: all records of one, over any partitions, with the offsets of what they were
/// made from, are in the log at once, or none is. Its name is what it goes by: a new instance of that name stops the one before, and
/// what that one had open comes to nothing.
/// </summary>
/// <remarks>Thread-safe, with one transaction open at a time. Make one and keep it.</remarks>
public sealed class TransactionalProducer : IAsyncDisposable
{
    private readonly ClientContext _context;
    private readonly ProducerOptions _options;
    private readonly Producer _producer;
    private readonly TransactionCalls _calls;
    private ulong _lastNumber;
    private Transaction? _open;

    internal TransactionalProducer(ClientContext context, ProducerOptions options)
    {
        if (options.Name is null)
        {
            throw new ArgumentException("A transactional producer needs a name (ProducerOptions.Name): by it the broker tells a new instance from the one before.", nameof(options));
        }

        if (options.OnDelivery is not null)
        {
            throw new ArgumentException("OnDelivery is not for transactions: where the records are is known with the commit, which tells it.", nameof(options));
        }

        _context = context;
        _options = options;
        _producer = new Producer(context, options);
        _calls = new TransactionCalls(context, options.DeliveryTimeout);
    }

    /// <summary>
    /// Takes the name over: whoever had it can write no more, and what it had open is aborted. Not needed: the first transaction does it.
    /// </summary>
    public async Task InitTransactionsAsync(CancellationToken cancellationToken = default) =>
        await IdentityAsync(cancellationToken).ConfigureAwait(false);

    /// <summary>Begins a transaction. Nothing is sent before its first record is.</summary>
    /// <exception cref="InvalidOperationException">The one before is still open.</exception>
    /// <exception cref="FatalException">Another instance has taken the name over.</exception>
    public async Task<Transaction> BeginAsync(CancellationToken cancellationToken = default)
    {
        ProducerIdentity identity = await IdentityAsync(cancellationToken).ConfigureAwait(false);
        if (Volatile.Read(ref _open) is { IsOver: false } before)
        {
            if (!before.IsLeftBehind)
            {
                throw new InvalidOperationException("The transaction before is still open: commit or abort it first.");
            }

            await before.AbortAsync(cancellationToken).ConfigureAwait(false);
        }

        var transaction = new Transaction(_context, _producer, _options, _calls, identity, ++_lastNumber);
        Volatile.Write(ref _open, transaction);
        return transaction;
    }

    /// <summary>Aborts what is open, and lets go.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Volatile.Read(ref _open) is { } open)
        {
            await open.DisposeAsync().ConfigureAwait(false);
        }

        await _producer.DisposeAsync().ConfigureAwait(false);
    }

    private ValueTask<ProducerIdentity> IdentityAsync(CancellationToken cancellationToken)
    {
        _producer.Hub.ThrowIfUnusable();
        return _producer.Hub.Identities.OpenAsync(cancellationToken);
    }
}
