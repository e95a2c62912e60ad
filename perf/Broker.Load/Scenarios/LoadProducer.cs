using System.Diagnostics;
using Broker.Cli;
using Broker.Client;
using Broker.Load.Values;
using Broker.Records;
using HdrHistogram;

namespace Broker.Load.Scenarios;

/// <summary>One client with one producer, and what became of what it sent.</summary>
/// <remarks>One thread sends; reports come on the client's.</remarks>
internal sealed class LoadProducer : IAsyncDisposable
{
    private readonly BrokerClient _client;
    private readonly Producer _producer;
    private readonly string _topic;
    private readonly LoadValue _values;
    private readonly LiveCount? _acks;
    private readonly ProducerHistory? _history;
    private readonly byte[] _value;
    private readonly int _number;
    private readonly List<Task> _samples = [];
    private long _sent;
    private long _acked;
    private BrokerException? _failure;

    /// <param name="number">Stands in every value.</param>
    /// <param name="acks">Told of each acknowledged record; null: nobody counts them.</param>
    public LoadProducer(LoadSettings settings, string server, string topic, int number, LoadValue values, LiveCount? acks, History? history)
    {
        _topic = topic;
        _number = number;
        _values = values;
        _acks = acks;
        _history = history?.Begin(number, topic);
        _value = new byte[values.SizeBytes];
        _client = new BrokerClient(new BrokerClientOptions { Server = server, ClientId = $"load-{number}" });
        try
        {
            _producer = _client.CreateProducer(Options(settings, OnDelivery));
        }
        catch (ArgumentException e)
        {
            throw new CliException(e.Message, ExitCode.Usage); // The client knows best what it can do.
        }
    }

    /// <summary>So far; from any thread.</summary>
    public long Sent => Volatile.Read(ref _sent);

    /// <summary>From the send call to the ack of some of the records; stable after <see cref="FinishAsync"/>.</summary>
    public LongHistogram AckLatency { get; } = LatencyHistogram.Create();

    /// <summary>Sends the next record; waits while the client is full.</summary>
    /// <param name="sentAt">Stands in the value; 0: nobody wants to know.</param>
    public ValueTask SendAsync(long sentAt, CancellationToken cancellationToken) =>
        TrySend(sentAt) ? ValueTask.CompletedTask : SendWhenRoomAsync(cancellationToken);

    /// <summary>As <see cref="SendAsync"/>, on a thread that may be held up.</summary>
    public void Send(long sentAt, CancellationToken cancellationToken)
    {
        if (!TrySend(sentAt))
        {
            SendWhenRoomAsync(cancellationToken).AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>Sends the next record and measures how long its ack takes, without waiting for it.</summary>
    public void SendSample()
    {
        _values.Write(_value, _number, _sent, sentAt: 0);
        int? partition = _history?.Sending(_sent);
        var record = new ProducerRecord { Topic = _topic, Partition = partition, Value = _value.ToArray() };
        _samples.Add(MeasureAsync(Stopwatch.GetTimestamp(), _producer.SendAsync(record)));
        Volatile.Write(ref _sent, _sent + 1);
    }

    /// <summary>Waits until every record is through.</summary>
    /// <exception cref="BrokerException">One of them was not acknowledged.</exception>
    public async Task FinishAsync(CancellationToken cancellationToken)
    {
        await _producer.FlushAsync(cancellationToken).ConfigureAwait(false);
        await Task.WhenAll(_samples).ConfigureAwait(false);
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw failure;
        }

        if (Volatile.Read(ref _acked) != _sent)
        {
            throw new InvalidOperationException($"The client reported {_acked:N0} records as delivered, {_sent:N0} were sent.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _producer.DisposeAsync().ConfigureAwait(false);
        await _client.DisposeAsync().ConfigureAwait(false);
    }

    private static ProducerOptions Options(LoadSettings settings, Action<DeliveryReport> onDelivery)
    {
        var options = new ProducerOptions
        {
            Connections = settings.Connections,
            Compression = settings.Compression,
            Durability = settings.Durability,
            OnDelivery = onDelivery,
            CloseTimeout = TimeSpan.Zero,
        };
        options.BatchSizeBytes = settings.BatchSizeBytes ?? options.BatchSizeBytes;
        options.MaxInFlightBatches = settings.InFlightBatches ?? options.MaxInFlightBatches;
        options.LingerMs = settings.LingerMs ?? options.LingerMs;
        return options;
    }

    private bool TrySend(long sentAt)
    {
        _values.Write(_value, _number, _sent, sentAt);
        bool isTaken = _producer.TrySend(_topic, OptionalBytes.Null, _value, partition: _history?.Sending(_sent));
        if (isTaken)
        {
            Volatile.Write(ref _sent, _sent + 1);
        }

        return isTaken;
    }

    private async ValueTask SendWhenRoomAsync(CancellationToken cancellationToken)
    {
        long sentAt = LoadValue.SentAt(_value);
        do
        {
            await _producer.WaitForSpaceAsync(cancellationToken).ConfigureAwait(false);
        }
        while (!TrySend(sentAt));
    }

    private async Task MeasureAsync(long startedAt, ValueTask<RecordMetadata> sending)
    {
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (BrokerException)
        {
            return; // Reported with its batch.
        }

        long ticks = Stopwatch.GetTimestamp() - startedAt;
        lock (AckLatency)
        {
            AckLatency.RecordTicks(ticks);
        }
    }

    private void OnDelivery(DeliveryReport report)
    {
        _history?.Delivered(report);
        if (report.Error is { } error)
        {
            Interlocked.CompareExchange(ref _failure, error, null);
            return;
        }

        Interlocked.Add(ref _acked, report.RecordCount);
        _acks?.Add(report.RecordCount);
    }
}
