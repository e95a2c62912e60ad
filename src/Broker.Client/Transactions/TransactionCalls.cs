using Broker.Client.Transport;
using Broker.Protocol.V1;

namespace Broker.Client.Transactions;

/// <summary>The calls that end transactions.</summary>
/// <param name="timeout">For how long a call is said again that the broker does not answer.</param>
internal sealed class TransactionCalls(ClientContext context, TimeSpan timeout)
{
    private readonly TransactionService.TransactionServiceClient _transactions = new(context.Connection.Invoker);

    /// <param name="mayBeCommitted">Whether a commit of it was sent before that nobody has answered.</param>
    /// <exception cref="BrokerException">Definite: it was aborted. Otherwise nobody knows.</exception>
    public async Task<TransactionResult> CommitAsync(CommitTransactionRequest request, bool mayBeCommitted, CancellationToken cancellationToken)
    {
        try
        {
            CommitTransactionResponse response = await context.CallWithRetryAsync(
                _transactions.CommitTransactionAsync, request, timeout, NoteDoubt, cancellationToken).ConfigureAwait(false);
            context.NoteIncarnation(response.Incarnation);
            return AdminModels.ToResult(response.Commit);
        }
        catch (BrokerException e) when (e is RetriableException || (mayBeCommitted && e is not AbortTransactionException))
        {
            // Refused last for want of space, say, or because the name was taken over: an attempt before that may have got through without
            // its answer. Only that it was aborted is true of all attempts.
            throw ErrorMapper.WithDefinite(e, isDefinite: false);
        }

        bool NoteDoubt(RetriableException e)
        {
            mayBeCommitted |= !e.IsDefinite;
            return true;
        }
    }

    /// <exception cref="BrokerException">Never definite: nobody knows what became of it.</exception>
    public async Task<TransactionResult?> OutcomeAsync(TransactionKey key, CancellationToken cancellationToken)
    {
        try
        {
            GetTransactionOutcomeResponse response = await context.CallWithRetryAsync(
                _transactions.GetTransactionOutcomeAsync, new GetTransactionOutcomeRequest { Transaction = key }, timeout, cancellationToken)
                .ConfigureAwait(false);
            context.NoteIncarnation(response.Incarnation);
            return response.Commit is null ? null : AdminModels.ToResult(response.Commit);
        }
        catch (BrokerException e)
        {
            // What is certain is that the question was not answered, not that nothing was committed.
            throw ErrorMapper.WithDefinite(e, isDefinite: false);
        }
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
