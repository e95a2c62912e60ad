using Broker.Engine.Topics;
using Broker.Engine.Transactions;

namespace Broker.Engine.Producers;

/// <summary>One producer: who writes, under which epoch, and what it appended where. Guarded by the sequencer's lock.</summary>
internal sealed class ProducerState(long id, int epoch, string? name, string clientId)
{
    // Nearly every producer is met in the partition where it was met last, and most of those that idle know one only.
    private ProducerWindow? _lastUsed;
    private Dictionary<PartitionHandle, ProducerWindow>? _windows;

    public long Id => id;

    /// <summary>Batches of any other epoch are refused.</summary>
    public int Epoch { get; set; } = epoch;

    /// <summary>Null for a producer without a name. One with a name is never forgotten by itself.</summary>
    public string? Name => name;

    /// <summary>What it calls itself; may be empty.</summary>
    public string ClientId { get; set; } = clientId;

    /// <summary>On the monotonic clock of <see cref="ProducerTable.NowMs"/>.</summary>
    public long UsedAtMs { get; set; }

    /// <summary>The journal entry by which it was forgotten; later than all others while it was not.</summary>
    public long ForgottenLsn { get; set; } = long.MaxValue;

    /// <summary>Its neighbours in <see cref="IdleOrder"/>.</summary>
    public ProducerState? Older { get; set; }

    /// <inheritdoc cref="Older"/>
    public ProducerState? Newer { get; set; }

    /// <summary>Null for a producer that never began a transaction.</summary>
    public ProducerTransactions? Transactions { get; private set; }

    /// <summary>The list it is on; null for one with a name.</summary>
    public IdleOrder? Order { get; set; }

    public IEnumerable<ProducerWindow> Windows => _windows is not null ? _windows.Values : _lastUsed is null ? [] : [_lastUsed];

    public ProducerTransactions TransactionsOrNew() => Transactions ??= new ProducerTransactions(this);

    public ProducerWindow? FindWindow(PartitionHandle partition)
    {
        if (_lastUsed?.Partition == partition)
        {
            return _lastUsed;
        }

        if (_windows is null || !_windows.TryGetValue(partition, out ProducerWindow? window))
        {
            return null;
        }

        _lastUsed = window;
        return window;
    }

    public ProducerWindow WindowOf(PartitionHandle partition)
    {
        if (FindWindow(partition) is { } known)
        {
            return known;
        }

        var window = new ProducerWindow(this, partition);
        Add(window);
        return window;
    }

    public void Add(ProducerWindow window)
    {
        if (_windows is null && _lastUsed is not null)
        {
            _windows = new Dictionary<PartitionHandle, ProducerWindow> { [_lastUsed.Partition] = _lastUsed };
        }

        if (_windows is not null)
        {
            if (_windows.Count == _windows.Capacity)
            {
                // Topics may come and go under a producer that never rests.
                DropDeleted();
            }

            _windows[window.Partition] = window;
        }

        _lastUsed = window;
    }

    /// <summary>Forgets what was appended to topics that are gone.</summary>
    public void DropDeleted()
    {
        if (_windows is not null)
        {
            foreach (PartitionHandle deleted in _windows.Keys.Where(partition => partition.IsDeleted).ToArray())
            {
                _windows.Remove(deleted);
            }
        }

        if (_lastUsed is { Partition.IsDeleted: true })
        {
            _lastUsed = _windows?.Values.FirstOrDefault();
        }
    }
}
