using System.Diagnostics;
using Broker.Checker.Histories;
using Broker.Client;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>
/// Has a transaction open of which the broker holds every record, and does not ask to commit it. Started, it keeps one until it
/// is stopped.
/// </summary>
/// <param name="left">What the instance before it had open, and is aborted by this one.</param>
/// <param name="announce">Told, when it was started, what it has open.</param>
internal sealed class StagingClient(ClientSettings settings, string name, TransactionId? left = null, Action<TransactionId>? announce = null)
    : HistoryClient(settings, name)
{
    // Few in every second one; many are more than a batch for each partition.
    private const int Few = 5, Many = 400;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5), Patience = TimeSpan.FromSeconds(10), StageMax = TimeSpan.FromSeconds(60);

    private HistoryProducer? _producer;
    private HistoryTransaction? _open;
    private int _turn;

    /// <summary>Returns when the broker says that it holds all of a transaction.</summary>
    /// <exception cref="TimeoutException">It does not.</exception>
    public async Task<TransactionId> StageAsync()
    {
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < StageMax)
        {
            try
            {
                if (await TryStageAsync())
                {
                    return _open!.Id;
                }
            }
            catch (BrokerException)
            {
                await CloseAsync();
            }
        }

        throw new TimeoutException($"The broker does not hold a transaction's records after {StageMax}.");
    }

    /// <summary>Asks to commit what was staged, which the broker has lost with its end.</summary>
    public async Task CommitAsync()
    {
        if (_open is { } open)
        {
            _open = null;
            await using (open)
            {
                await open.CommitAsync(Stopping);
            }
        }
    }

    protected override async Task StepAsync()
    {
        TransactionId staged = await StageAsync();
        announce?.Invoke(staged);
        await RestAsync(Timeout.InfiniteTimeSpan);
    }

    protected override async ValueTask CloseAsync()
    {
        if (_open is { } open)
        {
            _open = null;
            await open.DisposeAsync();
        }

        if (_producer is { } producer)
        {
            _producer = null;
            await producer.DisposeAsync();
        }
    }

    private async Task<bool> TryStageAsync()
    {
        if (_producer is null)
        {
            _producer = await HistoryProducer.OpenAsync(Settings, Client, Name, Stopping, Patience);
            if (left is { } before)
            {
                _producer.NoteAborted(before);
                left = null;
            }
        }

        HistoryTransaction transaction = await _producer.BeginAsync(Draw(_turn++ % 2 == 0 ? Few : Many));
        try
        {
            if (await transaction.SendAsync(..) && await IsHeldAsync(transaction))
            {
                _open = transaction;
                return true;
            }

            return false;
        }
        finally
        {
            if (_open != transaction)
            {
                await transaction.DisposeAsync();
            }
        }
    }

    private async Task<bool> IsHeldAsync(HistoryTransaction transaction)
    {
        long started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < Patience)
        {
            TransactionDescription described = await Client.Admin.DescribeTransactionAsync(Name, Stopping);
            if (described.Open is { } open && open.Number == transaction.Id.Number && open.RecordCount == transaction.RecordCount)
            {
                return true;
            }

            await Task.Delay(PollInterval);
        }

        return false;
    }

    private SentRecord[] Draw(int count)
    {
        int[] keys = Settings.Topics.Inputs;
        return [.. Enumerable.Range(0, count).Select(index => new SentRecord(keys[index % keys.Length], NextValue()))];
    }
}
