using Broker.Checker.Histories;
using Broker.Client;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>
/// Sends transactions over several partitions and topics, of few and of many records. Some it aborts, some it leaves to be disposed
/// of, and some it tries to commit after a second instance of its name was opened.
/// </summary>
/// <param name="pace">How long it rests after each; none: it commits small ones, one after the other.</param>
internal sealed class TransferClient(ClientSettings settings, string name, TimeSpan pace) : HistoryClient(settings, name)
{
    private const int FewMax = 6, ManyMin = 100, ManyMax = 600;

    // Of a hundred transactions.
    private const int Many = 3, Aborted = 8, Disposed = 5, Zombies = 4;

    private HistoryProducer? _producer;

    protected override async Task StepAsync()
    {
        _producer ??= await HistoryProducer.OpenAsync(Settings, Client, Name, Stopping);
        try
        {
            await RunOneAsync(_producer);
        }
        catch (FatalException)
        {
            await CloseAsync();
        }

        await RestAsync(pace);
    }

    protected override async ValueTask CloseAsync()
    {
        if (_producer is { } producer)
        {
            _producer = null;
            await producer.DisposeAsync();
        }
    }

    private async Task RunOneAsync(HistoryProducer producer)
    {
        bool isSmall = pace == TimeSpan.Zero;
        int ending = isSmall ? int.MaxValue : Random.Next(100);
        await using HistoryTransaction transaction = await producer.BeginAsync(Draw(!isSmall && Random.Next(100) < Many));
        if (ending < Zombies)
        {
            await GoOnAsZombieAsync(transaction);
        }
        else if (!await transaction.SendAsync(..))
        {
            ThrowIfFatal(transaction);
        }
        else if (ending < Zombies + Aborted)
        {
            await transaction.AbortAsync();
        }
        else if (ending >= Zombies + Aborted + Disposed && await transaction.CommitAsync(Stopping) == false)
        {
            ThrowIfFatal(transaction);
        }
    }

    /// <summary>Another instance takes the name while this one has a transaction open; then this one goes on.</summary>
    private async Task GoOnAsZombieAsync(HistoryTransaction transaction)
    {
        if (!await transaction.SendAsync(..1))
        {
            return;
        }

        HistoryProducer before = _producer!;
        _producer = await HistoryProducer.OpenAsync(Settings, Client, Name, Stopping);
        _producer.NoteAborted(transaction.Id);
        if (await transaction.SendAsync(1..))
        {
            await transaction.CommitAsync(Stopping);
        }

        if (transaction.Failure is FatalException)
        {
            Settings.Tally.NoteFencedZombie();
        }

        await before.DisposeAsync();
    }

    private SentRecord[] Draw(bool isMany)
    {
        int[] keys = Settings.Topics.Inputs;
        var sends = new SentRecord[isMany ? Random.Next(ManyMin, ManyMax) : Random.Next(1, FewMax)];
        for (int index = 0; index < sends.Length; index++)
        {
            sends[index] = new SentRecord(keys[Random.Next(keys.Length)], NextValue());
        }

        return sends;
    }

    /// <summary>Its name was taken over, though not by itself: it goes on as a new instance.</summary>
    private static void ThrowIfFatal(HistoryTransaction transaction)
    {
        if (transaction.Failure is FatalException fatal)
        {
            throw fatal;
        }
    }
}
