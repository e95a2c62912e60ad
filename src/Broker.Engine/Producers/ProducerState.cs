using Broker.Engine.Topics;
using Broker.Engine.Transactions;

namespace Broker.Engine.Producers;

/// <summary>One producer: who writes, under which epoch, and what it appended where. Guarded by the sequencer's lock.</summary>
/// <remarks>There may be a million that wrote once: one object with everything, of 160 bytes.</remarks>
internal class ProducerState(long id, int epoch, string clientId)
{
    private static readonly ProducerWindow NoWindow;

    // Most producers that idle know one partition only.
    private ProducerWindow _first;
    private FurtherWindows? _further;

    public long Id => id;

    /// <summary>Batches of any other epoch are refused.</summary>
    public int Epoch { get; set; } = epoch;

    /// <summary>Null for a producer without a name. One with a name is never forgotten by itself.</summary>
    public virtual string? Name => null;

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

    /// <summary>The next one in its bucket of <see cref="ProducerTable"/>.</summary>
    public ProducerState? NextInBucket { get; set; }

    /// <summary>Which list of <see cref="ProducerTable"/> it is on.</summary>
    public Idleness Idleness { get; set; }

    /// <summary>On a list of those with windows that a checkpoint has to write.</summary>
    public bool IsDirty { get; set; }

    /// <summary>The one before it on that <see cref="DirtyProducers"/>.</summary>
    public ProducerState? NextDirty { get; set; }

    /// <summary>The one after it of those that are new since the last checkpoint; the journal's thread only.</summary>
    public ProducerState? NextGiven { get; set; }

    /// <summary>Null for a producer that never began a transaction.</summary>
    public virtual ProducerTransactions? Transactions => null;

    /// <summary>One may have no batch yet.</summary>
    public int WindowCount => _first.Partition is null ? 0 : 1 + (_further?.Count ?? 0);

    public IEnumerable<PartitionHandle> Partitions => Enumerable.Range(0, WindowCount).Select(index => Window(index).Partition!);

    /// <summary>References to windows hold until another one is added.</summary>
    public ref ProducerWindow Window(int index) => ref index == 0 ? ref _first : ref _further![index - 1];

    /// <returns>An empty one of no partition when there is none.</returns>
    public ref readonly ProducerWindow FindWindow(PartitionHandle partition)
    {
        if (_first.Partition == partition)
        {
            return ref _first;
        }

        int index = _further is null ? -1 : _further.Find(partition);
        return ref index < 0 ? ref NoWindow : ref _further![index];
    }

    public ref ProducerWindow WindowOf(PartitionHandle partition)
    {
        if (_first.Partition == partition)
        {
            return ref _first;
        }

        int index = _further is null ? -1 : _further.Find(partition);
        if (index >= 0)
        {
            return ref _further![index];
        }

        if (_further is { IsFull: true })
        {
            // Topics may come and go under a producer that never rests.
            DropDeleted();
        }

        return ref Add(new ProducerWindow(partition));
    }

    /// <summary>Forgets what was appended to topics that are gone.</summary>
    public void DropDeleted()
    {
        (ProducerWindow first, FurtherWindows? further) = (_first, _further);
        (_first, _further) = (default, null);
        Keep(first);
        for (int i = 0; i < (further?.Count ?? 0); i++)
        {
            Keep(further![i]);
        }
    }

    private void Keep(ProducerWindow window)
    {
        if (window.Partition is { IsDeleted: false })
        {
            Add(window);
        }
    }

    private ref ProducerWindow Add(ProducerWindow window)
    {
        if (_first.Partition is null)
        {
            _first = window;
            return ref _first;
        }

        return ref (_further ??= new FurtherWindows()).Add(window);
    }
}
