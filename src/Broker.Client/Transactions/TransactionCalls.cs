using Broker.Client.Transport;
using Broker.Protocol.V1;

namespace Broker.Client.Transactions;

/// <summary>The calls that end transactions.</summary>
/// <param name="timeout">For how long a call is said again that the broker does not answer.</param>
internal sealed class TransactionCalls(ClientContext context, TimeSpan timeout)
{
    private readonly TransactionService.TransactionServiceClient _transactions = new(context.Connection.Invoker);

    /// <exception cref="BrokerException">Definite: it was aborted. Otherwise nobody knows.</exception>
    public async Task<TransactionResult> CommitAsync(CommitTransactionRequest request, CancellationToken cancellationToken)
    {
        try
        {
            CommitTransactionResponse response = await context.CallWithRetryAsync(
                _transactions.CommitTransactionAsync, request, timeout, cancellationToken).ConfigureAwait(false);
            context.NoteIncarnation(response.Incarnation);
            return AdminModels.ToResult(response.Commit);
        }
        catch (RetriableException e)
        {
            // Refused last for want of space, say: an attempt before that may have got through without its answer.
            throw ErrorMapper.WithDefinite(e, isDefinite: false);
        }
    }

    public async Task<TransactionResult?> OutcomeAsync(TransactionKey key, CancellationToken cancellationToken)
    {
        GetTransactionOutcomeResponse response = await context.CallWithRetryAsync(
            _transactions.GetTransactionOutcomeAsync, new GetTransactionOutcomeRequest { Transaction = key }, timeout, cancellationToken)
            .ConfigureAwait(false);
        context.NoteIncarnation(response.Incarnation);
        return response.Commit is null ? null : AdminModels.ToResult(response.Commit);
    }

    /// <summary>One attempt: what is not aborted by it is aborted by the next transaction, or by its timeout.</summary>
    public async Task AbortAsync(TransactionKey key, CancellationToken cancellationToken)
    {
        try
        {
            AbortTransactionResponse response = await context.CallAsync(
                _transactions.AbortTransactionAsync, new AbortTransactionRequest { Transaction = key }, cancellationToken).ConfigureAwait(false);
            context.NoteIncarnation(response.Incarnation);
        }
        catch (RetriableException)
        {
            // As said above.
        }
    }
}
