using Broker.Engine;
using Broker.Engine.Transactions;
using Broker.Protocol.V1;
using Grpc.Core;
using TransactionKey = Broker.Engine.Transactions.TransactionKey;

namespace Broker.Server.Services;

/// <summary>How transactions end, and which are open.</summary>
internal sealed class TransactionGrpcService(BrokerEngine engine) : TransactionService.TransactionServiceBase
{
    private ulong Incarnation => (ulong)engine.Incarnation;

    public override async Task<CommitTransactionResponse> CommitTransaction(CommitTransactionRequest request, ServerCallContext call)
    {
        TransactionKey key = TransactionMessages.Convert(request.Transaction);
        TransactionOutcome outcome = await engine.CommitTransactionAsync(
            key, TransactionMessages.ManifestOf(request), TransactionMessages.OffsetsOf(request), call.CancellationToken).ConfigureAwait(false);
        return new CommitTransactionResponse { Commit = TransactionMessages.Convert(outcome, key.ProducerId, engine), Incarnation = Incarnation };
    }

    public override Task<AbortTransactionResponse> AbortTransaction(AbortTransactionRequest request, ServerCallContext call)
    {
        engine.AbortTransaction(TransactionMessages.Convert(request.Transaction));
        return Task.FromResult(new AbortTransactionResponse { Incarnation = Incarnation });
    }

    public override async Task<GetTransactionOutcomeResponse> GetTransactionOutcome(GetTransactionOutcomeRequest request, ServerCallContext call)
    {
        TransactionKey key = TransactionMessages.Convert(request.Transaction);
        TransactionOutcome? outcome = await engine.TransactionOutcomeAsync(key, call.CancellationToken).ConfigureAwait(false);
        return new GetTransactionOutcomeResponse
        {
            Commit = outcome is null ? null : TransactionMessages.Convert(outcome, key.ProducerId, engine),
            Incarnation = Incarnation,
        };
    }

    public override Task<ListTransactionsResponse> ListTransactions(ListTransactionsRequest request, ServerCallContext call) =>
        Task.FromResult(new ListTransactionsResponse
        {
            Transactions = { engine.ListTransactions().Select(open => TransactionMessages.Convert(open, engine.Incarnation)) },
            Incarnation = Incarnation,
        });

    public override async Task<DescribeTransactionResponse> DescribeTransaction(DescribeTransactionRequest request, ServerCallContext call)
    {
        TransactionDescription description = await engine.DescribeTransactionsAsync(request.Producer, call.CancellationToken).ConfigureAwait(false);
        return new DescribeTransactionResponse
        {
            Producer = description.Producer,
            ProducerId = description.ProducerId,
            ProducerEpoch = (uint)description.Epoch,
            Open = description.Open is { } open ? TransactionMessages.Convert(open, engine.Incarnation) : null,
            Staged = { description.Staged.Select(TransactionMessages.Convert) },
            LastCommit = description.Committed is { } committed ? TransactionMessages.Convert(committed, description.ProducerId, engine) : null,
            Incarnation = Incarnation,
        };
    }

    public override Task<AbortOpenTransactionResponse> AbortOpenTransaction(AbortOpenTransactionRequest request, ServerCallContext call) =>
        Task.FromResult(new AbortOpenTransactionResponse
        {
            WasOpen = engine.AbortOpenTransaction(request.Producer),
            Incarnation = Incarnation,
        });
}
