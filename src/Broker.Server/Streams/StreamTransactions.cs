using System.Runtime.InteropServices;
using Broker.Engine;
using Broker.Engine.Transactions;
using Broker.Protocol;
using Broker.Protocol.V1;
using Broker.Records;
using Broker.Server.Services;
using Broker.Storage;
using TransactionContext = Broker.Engine.Transactions.TransactionContext;
using TransactionKey = Broker.Engine.Transactions.TransactionKey;

namespace Broker.Server.Streams;

/// <summary>
/// The newest transaction of each producer that sent over one stream: commits that come over the stream, and what is abandoned when it
/// ends.
/// </summary>
internal sealed class StreamTransactions(BrokerEngine engine)
{
    private readonly Dictionary<(long ProducerId, int Epoch), (long Number, bool HasRefused)> _newest = [];

    public void Note(in FrameBatch batch, in TransactionContext? transaction, bool isRefused)
    {
        if (transaction is not { } context || batch.StoredBatch.Length < StoredBatch.OverheadBytes)
        {
            return;
        }

        var view = new StoredBatchView(batch.StoredBatch.Span);
        ref (long Number, bool HasRefused) newest =
            ref CollectionsMarshal.GetValueRefOrAddDefault(_newest, (view.ProducerId, view.ProducerEpoch), out _);
        newest = (context.Number, isRefused || (newest.Number == context.Number && newest.HasRefused));
    }

    /// <summary>Decides a commit.</summary>
    /// <returns>The answer, and the LSN at which it may be given.</returns>
    public async ValueTask<(CommitResult Result, long Lsn)> CommitAsync(CommitTransactionRequest request, CancellationToken cancellationToken)
    {
        try
        {
            TransactionKey key = TransactionMessages.Convert(request.Transaction);
            if (_newest.TryGetValue((key.ProducerId, key.Epoch), out (long Number, bool HasRefused) newest) && newest == (key.Number, true))
            {
                string message = $"A batch of transaction {key.Number} was refused: it is not committed before all of it is here.";
                return (new CommitResult { Error = ErrorMap.ToError(BrokerError.PrecedingBatchRefused, message) }, 0);
            }

            TransactionOutcome outcome = await engine.DecideTransactionAsync(
                key, TransactionMessages.ManifestOf(request), TransactionMessages.OffsetsOf(request), cancellationToken).ConfigureAwait(false);
            return (new CommitResult { Commit = TransactionMessages.Convert(outcome, key.ProducerId, engine) }, outcome.Lsn);
        }
        catch (Exception e) when (e is BrokerException or StorageException)
        {
            return (new CommitResult { Error = ErrorMap.TryMapToError(e) }, 0);
        }
    }

    /// <summary>The stream has ended.</summary>
    public void NoteLost()
    {
        foreach (((long producerId, _), (long number, _)) in _newest)
        {
            engine.NoteTransactionLost(producerId, number);
        }
    }
}
