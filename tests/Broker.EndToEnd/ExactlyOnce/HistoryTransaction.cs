using Broker.Checker.Histories;
using Broker.Client;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>One transaction and its call in the history. It ends once: by a commit, an abort, or by being disposed.</summary>
internal sealed class HistoryTransaction(ClientSettings settings, HistoryProcess process, Transaction transaction, HistoryEvent call) : IAsyncDisposable
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private bool _isOver;

    /// <summary>How many records it is to write.</summary>
    public int RecordCount => call.Sends.Length;

    public TransactionId Id => new(call.ProducerId, call.Epoch, call.TransactionNumber);

    /// <summary>What it was made from.</summary>
    public PolledRecord[] Polls { get; init; } = [];

    /// <summary>What the last call that failed was told.</summary>
    public BrokerException? Failure { get; private set; }

    /// <summary>Hands some of its records to the client, and at last its offsets.</summary>
    /// <returns>False when it cannot be committed any more; it is aborted then.</returns>
    public async Task<bool> SendAsync(Range range)
    {
        try
        {
            foreach (SentRecord sent in call.Sends[range])
            {
                await transaction.SendAsync(settings.Topics.ToProduce(sent));
            }

            return true;
        }
        catch (BrokerException e)
        {
            Failure = e;
            await DisposeAsync();
            return false;
        }
    }

    /// <returns>Whether it is committed; null when nobody would say so before the end of the run.</returns>
    public async Task<bool?> CommitAsync(CancellationToken stopping)
    {
        if (call.Positions.Length > 0)
        {
            transaction.SendOffsets(call.Group!, call.Positions.Select(each => new TopicPartitionOffset(
                settings.Topics.Logs[each.Key].Topic, settings.Topics.Logs[each.Key].Partition, each.Position)));
        }

        long askedNs = settings.History.NowNs;
        settings.Tally.BeginCommit();
        try
        {
            TransactionResult result = await transaction.CommitAsync(CancellationToken.None);
            End(EventKind.Ok, call with { Sends = settings.Topics.Placed(call.Sends, result), CommitTimeNs = askedNs });
            return true;
        }
        catch (BrokerException e)
        {
            Failure = e;
            End(e.IsDefinite ? EventKind.Fail : EventKind.Info, call with { CommitTimeNs = askedNs }, e);
            if (e.IsDefinite)
            {
                return false;
            }
        }
        finally
        {
            settings.Tally.EndCommit();
        }

        return await SettleAsync(stopping);
    }

    public async Task AbortAsync()
    {
        try
        {
            await transaction.AbortAsync();
        }
        catch (BrokerException)
        {
            // Nobody asked for a commit: it ends with its producer or its time, and never comes true.
        }

        End(EventKind.Fail, call);
    }

    /// <summary>Aborts it when it has not ended.</summary>
    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        if (!_isOver)
        {
            End(EventKind.Fail, call, Failure);
        }
    }

    private void End(EventKind kind, HistoryEvent answer, Exception? error = null)
    {
        _isOver = true;
        process.Complete(answer with { Polls = Polls }, kind, error);
    }

    /// <summary>Asks what became of it, or says the commit again, in turn, as users do who got no answer.</summary>
    private async Task<bool?> SettleAsync(CancellationToken stopping)
    {
        for (long turn = Id.Number; ; turn++)
        {
            HistoryEvent question = process.Invoke(new HistoryEvent(process.Number, EventKind.Invoke, Function.EndTxn)
            {
                ProducerId = Id.ProducerId,
                Epoch = Id.Epoch,
                TransactionNumber = Id.Number,
            });
            bool saysAgain = turn % 2 == 0;
            try
            {
                TransactionResult? result = saysAgain ? await transaction.CommitAsync(CancellationToken.None) : await transaction.GetOutcomeAsync(CancellationToken.None);
                process.Complete(question with { Committed = result is not null }, EventKind.Ok);
                return result is not null;
            }
            catch (BrokerException e) when (saysAgain && e.IsDefinite)
            {
                process.Complete(question with { Committed = false }, EventKind.Ok, e);
                return false;
            }
            catch (BrokerException e)
            {
                process.Complete(question, EventKind.Info, e);
                if (stopping.IsCancellationRequested)
                {
                    return null;
                }

                await Task.Delay(Pause, CancellationToken.None);
            }
        }
    }
}
