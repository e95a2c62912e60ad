using Broker.Client;

namespace Broker.EndToEnd.Faults;

/// <summary>
/// One client with one producer that sends without pause and keeps the history of what it sent. It lives through any number
/// of restarts of the broker: reconnecting and sending again is the client's business.
/// </summary>
internal abstract class LoadProducer : IAsyncDisposable
{
    private readonly BrokerClient _client;
    private readonly Random _random;
    private readonly LogName[] _logs;
    private readonly List<SentRecord> _records = [];
    private Task _loop = Task.CompletedTask;
    private volatile bool _isStopping;
    private int _acked;
    private int _duplicates;
    private int _failed;

    protected LoadProducer(LoadSettings settings, int process, ProducerOptions options)
    {
        Process = process;
        _logs = settings.Logs;
        Switch = settings.Switch;
        _random = new Random(unchecked((int)settings.Seed * 397) ^ process);
        _client = new BrokerClient(new BrokerClientOptions
        {
            Server = settings.Server,
            ClientId = $"load-{process}",
            FirstContactTimeout = TimeSpan.FromSeconds(30),
            ReconnectBackoff = TimeSpan.FromMilliseconds(10),
            ReconnectBackoffMax = TimeSpan.FromMilliseconds(100),
            RandomSeed = process,
        });
        Producer = _client.CreateProducer(options);
    }

    /// <summary>The upper bits of its values.</summary>
    public int Process { get; }

    /// <summary>What holds it back; others may have the same.</summary>
    public LoadSwitch Switch { get; }

    /// <summary>All it ever sent, in order; the index is the counter. Stable while nothing is in flight.</summary>
    public IReadOnlyList<SentRecord> Records => _records;

    /// <summary>A copy, while it goes on sending.</summary>
    public SentRecord[] RecordsSoFar()
    {
        lock (_records)
        {
            return [.. _records];
        }
    }

    public int Acked => Volatile.Read(ref _acked);

    /// <summary>Acks that said that an earlier attempt had written the record.</summary>
    public int Duplicates => Volatile.Read(ref _duplicates);

    public int Failed => Volatile.Read(ref _failed);

    public int InFlight => Sent - Acked - Failed;

    protected Producer Producer { get; }

    private int Sent { get; set; }

    public void Start() => _loop = Task.Run(RunAsync);

    /// <summary>Sends nothing more; what is in flight stays so.</summary>
    public async Task StopAsync()
    {
        _isStopping = true;
        await _loop;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Producer.DisposeAsync();
        await _client.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Hands one record to the client; waits while the client is full. Its answer comes to OnAcked or OnFailed.</summary>
    protected abstract ValueTask SendAsync(SentRecord record, byte[] key, byte[] value);

    protected void OnAcked(SentRecord record, long offset, bool isDuplicate)
    {
        record.Ack(offset, isDuplicate);
        if (isDuplicate)
        {
            Interlocked.Increment(ref _duplicates);
        }

        Interlocked.Increment(ref _acked);
    }

    protected void OnFailed(SentRecord record, Exception error)
    {
        record.Fail(error);
        Interlocked.Increment(ref _failed);
    }

    private async Task RunAsync()
    {
        while (!_isStopping)
        {
            await Switch.WaitAsync();
            var record = new SentRecord(Process, counter: _records.Count, _logs[_random.Next(_logs.Length)]);
            lock (_records)
            {
                _records.Add(record);
            }

            Sent++;
            await SendAsync(record, BitConverter.GetBytes(record.Value), Payload.Create(record.Value));
        }
    }
}
