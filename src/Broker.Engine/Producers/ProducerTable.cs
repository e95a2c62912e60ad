using Broker.Records;

namespace Broker.Engine.Producers;

/// <summary>
/// Every producer that the broker remembers, by id and by name, and which of them have been idle for how long. Guarded by
/// the sequencer's lock.
/// </summary>
internal sealed class ProducerTable
{
    /// <summary>Idle for so long, nothing of a producer is still on its way: its windows need no more than their last batch.</summary>
    public static readonly TimeSpan IdleAfter = TimeSpan.FromMinutes(15);

    private readonly Dictionary<long, ProducerState> _byId = [];
    private readonly Dictionary<string, ProducerState> _byName = new(StringComparer.Ordinal);

    // Every id in order, which is that in which they were given; with some of producers that are gone.
    private readonly List<long> _ids = [];

    // Those that were used within IdleAfter and those that were not: what is done to one as it becomes idle is done once.
    private readonly IdleOrder _active = new();
    private readonly IdleOrder _idle = new();

    /// <summary>Monotonic, as of the last <see cref="Advance"/>: exact to about a second.</summary>
    public long NowMs { get; private set; }

    public int Count => _byId.Count;

    public ProducerState? Find(long id) => _byId.GetValueOrDefault(id);

    public ProducerState? Find(string name) => _byName.GetValueOrDefault(name);

    public ProducerState Add(long id, int epoch, string? name, string clientId)
    {
        var producer = new ProducerState(id, epoch, name, clientId) { UsedAtMs = NowMs };
        Invariant.Check(_ids.Count == 0 || id > _ids[^1]);
        _ids.Add(id);
        _byId.Add(id, producer);
        if (name is null)
        {
            _active.AddNewest(producer);
        }
        else
        {
            _byName.Add(name, producer);
        }

        return producer;
    }

    /// <summary>Gives the producer of a name its next epoch, or makes it.</summary>
    public ProducerState Open(string name, long id, int epoch, string clientId)
    {
        if (Find(name) is not { } producer)
        {
            return Add(id, epoch, name, clientId);
        }

        Invariant.Check(producer.Id == id && epoch > producer.Epoch);
        producer.Epoch = epoch;
        producer.ClientId = clientId;
        producer.UsedAtMs = NowMs;
        return producer;
    }

    /// <param name="lsn">The journal entry by which it is forgotten.</param>
    public void Remove(ProducerState producer, long lsn)
    {
        producer.ForgottenLsn = lsn;
        _byId.Remove(producer.Id);
        if (_ids.Count > 2 * _byId.Count)
        {
            _ids.RemoveAll(id => !_byId.ContainsKey(id));
        }

        producer.Order?.Remove(producer);
        if (producer.Name is { } name)
        {
            _byName.Remove(name);
        }
    }

    /// <summary>Producers with a larger id, by id.</summary>
    public IEnumerable<ProducerState> Behind(long id)
    {
        int at = _ids.BinarySearch(id);
        for (int i = at < 0 ? ~at : at + 1; i < _ids.Count; i++)
        {
            if (Find(_ids[i]) is { } producer)
            {
                yield return producer;
            }
        }
    }

    /// <summary>Those with a name, and a larger id, by id.</summary>
    public IEnumerable<ProducerState> NamedBehind(long id) => _byName.Values.Where(producer => producer.Id > id).OrderBy(producer => producer.Id);

    /// <summary>Notes that a producer is in use.</summary>
    public void Touch(ProducerState producer)
    {
        if (producer.UsedAtMs == NowMs)
        {
            return;
        }

        producer.UsedAtMs = NowMs;
        if (producer.Order is { } order)
        {
            order.Remove(producer);
            _active.AddNewest(producer);
        }
    }

    /// <summary>Moves the clock on.</summary>
    /// <param name="countMax">How many producers to look at: it happens under the sequencer's lock.</param>
    /// <param name="becameIdle">Called for each that now counts as idle.</param>
    public void Advance(long nowMs, int countMax, Action<ProducerState> becameIdle)
    {
        NowMs = Math.Max(NowMs, nowMs);
        for (int i = 0; i < countMax && _active.Oldest is { } oldest && IsIdleFor(oldest, IdleAfter); i++)
        {
            _active.Remove(oldest);
            _idle.AddNewest(oldest);
            becameIdle(oldest);
        }
    }

    /// <summary>The producer without a name that was not used for the longest time, if that is as long as given.</summary>
    public ProducerState? OldestIdleFor(TimeSpan time)
    {
        // Nobody is on the second list before it has waited there, nor forgotten from the first.
        Invariant.Check(time >= IdleAfter);
        return _idle.Oldest is { } oldest && IsIdleFor(oldest, time) ? oldest : null;
    }

    private bool IsIdleFor(ProducerState producer, TimeSpan time) => NowMs - producer.UsedAtMs >= (long)time.TotalMilliseconds;
}
