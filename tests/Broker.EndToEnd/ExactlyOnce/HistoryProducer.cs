using Broker.Checker.Histories;
using Broker.Client;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>One instance of a transactional name, a logical process of its own.</summary>
internal sealed class HistoryProducer : IAsyncDisposable
{
    // Shorter than most restarts take: what was being committed at an end of the broker is then in doubt.
    private static readonly TimeSpan Impatience = TimeSpan.FromMilliseconds(700), Pause = TimeSpan.FromMilliseconds(50);

    private readonly ClientSettings _settings;
    private readonly TransactionalProducer _producer;
    private readonly string _name;

    private HistoryProducer(ClientSettings settings, BrokerClient client, string name, TimeSpan patience)
    {
        (_settings, _name) = (settings, name);
        Process = new HistoryProcess(settings);
        _producer = client.CreateTransactionalProducer(
            new ProducerOptions { Name = name, BatchSizeBytes = 16 * 1024, DeliveryTimeout = patience, CloseTimeout = Impatience });
    }

    public HistoryProcess Process { get; }

    public long Id { get; private set; }

    public int Epoch { get; private set; }

    /// <summary>Takes the name over; asks again for as long as the broker is away.</summary>
    /// <param name="patience">How long a record and a commit may take; shorter than a restart without.</param>
    public static async Task<HistoryProducer> OpenAsync(
        ClientSettings settings, BrokerClient client, string name, CancellationToken cancellationToken, TimeSpan? patience = null)
    {
        while (true)
        {
            // One that got no answer may have been given an epoch that it does not know.
            var producer = new HistoryProducer(settings, client, name, patience ?? Impatience);
            HistoryEvent call = producer.Process.Invoke(
                new HistoryEvent(producer.Process.Number, EventKind.Invoke, Function.InitProducer) { TransactionalId = name });
            try
            {
                await producer._producer.InitTransactionsAsync(cancellationToken);

                // The SDK shows nobody the identity; the name has one user at a time here.
                TransactionDescription described = await client.Admin.DescribeTransactionAsync(name, cancellationToken);
                (producer.Id, producer.Epoch) = (described.ProducerId, described.Epoch);
                producer.Process.Complete(call with { ProducerId = producer.Id, Epoch = producer.Epoch }, EventKind.Ok);
                return producer;
            }
            catch (Exception e) when (e is BrokerException or OperationCanceledException)
            {
                producer.Process.Complete(call, EventKind.Info, e);
                await producer.DisposeAsync();
                await Task.Delay(Pause, cancellationToken);
            }
        }
    }

    /// <param name="sends">All that it is to send: a history that is cut off must name it.</param>
    /// <param name="source">What it is made from, if it is made from anything.</param>
    /// <exception cref="FatalException">The name was taken over.</exception>
    public async Task<HistoryTransaction> BeginAsync(SentRecord[] sends, TransactionSource? source = null)
    {
        Transaction transaction = await _producer.BeginAsync();
        HistoryEvent call = Process.Invoke(new HistoryEvent(Process.Number, EventKind.Invoke, Function.Txn)
        {
            Sends = sends,
            Group = source?.Group,
            Positions = source is null ? [] : [source.Next],
            TransactionalId = _name,
            ProducerId = Id,
            Epoch = Epoch,
            TransactionNumber = transaction.Number,
        });
        return new HistoryTransaction(_settings, Process, transaction, call) { Polls = source?.Polled ?? [] };
    }

    /// <summary>Says in the history what a take-over promises: what an instance before it had open, and had not asked to commit, is aborted.</summary>
    public void NoteAborted(TransactionId left)
    {
        HistoryEvent call = Process.Invoke(new HistoryEvent(Process.Number, EventKind.Invoke, Function.EndTxn)
        {
            ProducerId = left.ProducerId,
            Epoch = left.Epoch,
            TransactionNumber = left.Number,
        });
        Process.Complete(call with { Committed = false }, EventKind.Ok);
    }

    public ValueTask DisposeAsync() => _producer.DisposeAsync();
}
