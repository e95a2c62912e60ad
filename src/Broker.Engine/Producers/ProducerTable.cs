using System.Runtime.CompilerServices;
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

    // By id: lists in the producers' own links. Ids are counted up, so that each bucket has about one. A dictionary takes twice as
    // much for each. A power of two.
    private ProducerState?[] _buckets = new ProducerState?[16];
    private readonly Dictionary<string, NamedProducer> _byName = new(StringComparer.Ordinal);

    // Every id in order, which is that in which they were given; with some of producers that are gone.
    private readonly List<long> _ids = [];

    // Those that were used within IdleAfter and those that were not: what is done to one as it becomes idle is done once.
    private readonly IdleOrder _active = new();
    private readonly IdleOrder _idle = new();

    private string _lastClientId = "";

    /// <summary>Monotonic, as of the last <see cref="Advance"/>: exact to about a second.</summary>
    public long NowMs { get; private set; }

    public int Count { get; private set; }

    public ProducerState? Find(long id)
    {
        ProducerState? producer = BucketOf(id);
        while (producer is not null && producer.Id != id)
        {
            producer = producer.NextInBucket;
        }

        return producer;
    }

    public NamedProducer? Find(string name) => _byName.GetValueOrDefault(name);

    /// <param name="id">Larger than any before.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ProducerState Add(long id, int epoch, string? name, string clientId)
    {
        Invariant.Check(_ids.Count == 0 || id > _ids[^1]);
        if (Count == _buckets.Length)
        {
            Grow();
        }

        if (clientId == _lastClientId)
        {
            // Programs give themselves one name for all their producers.
            clientId = _lastClientId;
        }

        _lastClientId = clientId;
        ProducerState producer;
        if (name is null)
        {
            producer = new ProducerState(id, epoch, clientId);
        }
        else
        {
            var named = new NamedProducer(id, epoch, name, clientId);
            _byName.Add(name, named);
            producer = named;
        }

        _ids.Add(id);
        Count++;
        AddToBucket(producer);
        producer.UsedAtMs = NowMs;
        Enlist(producer, Idleness.Active);
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
        Touch(producer);
        return producer;
    }

    /// <param name="lsn">The journal entry by which it is forgotten.</param>
    public void Remove(ProducerState producer, long lsn)
    {
        producer.ForgottenLsn = lsn;
        RemoveFromBucket(producer);
        Count--;
        if (_ids.Count > 2 * Count)
        {
            _ids.RemoveAll(id => Find(id) is null);
        }

        Enlist(producer, Idleness.Unlisted);
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
        Enlist(producer, Idleness.Active);
    }

    /// <summary>Moves the clock on.</summary>
    /// <param name="countMax">How many producers to look at: it happens under the sequencer's lock.</param>
    /// <param name="becameIdle">Called for each that now counts as idle.</param>
    public void Advance(long nowMs, int countMax, Action<ProducerState> becameIdle)
    {
        NowMs = Math.Max(NowMs, nowMs);
        for (int i = 0; i < countMax && _active.Oldest is { } oldest && IsIdleFor(oldest, IdleAfter); i++)
        {
            Enlist(oldest, oldest.Name is null ? Idleness.Idle : Idleness.Unlisted);
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

    private ref ProducerState? BucketOf(long id) => ref _buckets[id & (_buckets.Length - 1)];

    private void AddToBucket(ProducerState producer)
    {
        ref ProducerState? bucket = ref BucketOf(producer.Id);
        producer.NextInBucket = bucket;
        bucket = producer;
    }

    private void RemoveFromBucket(ProducerState producer)
    {
        ref ProducerState? bucket = ref BucketOf(producer.Id);
        if (bucket == producer)
        {
            bucket = producer.NextInBucket;
        }
        else
        {
            ProducerState before = bucket!;
            while (before.NextInBucket != producer)
            {
                before = before.NextInBucket!;
            }

            before.NextInBucket = producer.NextInBucket;
        }

        producer.NextInBucket = null;
    }

    private void Grow()
    {
        ProducerState?[] before = _buckets;
        _buckets = new ProducerState?[before.Length * 2];
        foreach (ProducerState? first in before)
        {
            for (ProducerState? producer = first, next; producer is not null; producer = next)
            {
                next = producer.NextInBucket;
                AddToBucket(producer);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Enlist(ProducerState producer, Idleness idleness)
    {
        ListOf(producer.Idleness)?.Remove(producer);
        producer.Idleness = idleness;
        ListOf(idleness)?.AddNewest(producer);
    }

    private IdleOrder? ListOf(Idleness idleness) => idleness switch
    {
        Idleness.Active => _active,
        Idleness.Idle => _idle,
        _ => null,
    };

    private bool IsIdleFor(ProducerState producer, TimeSpan time) => NowMs - producer.UsedAtMs >= (long)time.TotalMilliseconds;
}
