using Broker.Engine.Entries;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;

namespace Broker.Engine.Producers;

/// <summary>What the sequencer decides about producers themselves: who there is, who takes over, who is forgotten.</summary>
internal sealed class ProducerDecisions(
    Sequencer sequencer, ProducerTable producers, TransactionTable transactions, long nextProducerId, TimeProvider time, EngineOptions options)
{
    // One round is one short step under the sequencer's lock.
    private const int CountPerRound = 1000;

    private readonly Lock _gate = sequencer.Gate;
    private readonly long _startedAt = time.GetTimestamp();
    private long _nextId = nextProducerId;

    /// <summary>Gives an id that was never given before.</summary>
    /// <exception cref="BrokerException">There are too many producers, or the broker takes no decisions now.</exception>
    public (ProducerIdentity Producer, long Lsn) Init(string clientId)
    {
        lock (_gate)
        {
            sequencer.RefuseWhenStopped();
            sequencer.RefuseWhenDiskFull();
            MakeRoom();
            var producer = new ProducerIdentity(_nextId++, Epoch: 0);
            ProducerState given = producers.Add(producer.Id, producer.Epoch, name: null, clientId);
            byte[] body = new ByteWriter().Int64(producer.Id).Int32(producer.Epoch).Text(clientId).ToArray();
            return (producer, sequencer.Enqueue(EntryKind.ProducerIdGiven, body, given));
        }
    }

    /// <summary>Takes a name over: whoever had it can write no more. Makes it when nobody has had it yet.</summary>
    /// <param name="current">Refuse unless the name still has this id and epoch; null to take it from anyone.</param>
    /// <returns>With where it was in each partition when the other one was stopped.</returns>
    /// <inheritdoc cref="Init"/>
    public (OpenedProducer Producer, long Lsn) Open(string name, string clientId, ProducerIdentity? current = null)
    {
        TopicName.CheckFor("producer", name);
        lock (_gate)
        {
            sequencer.RefuseWhenStopped();
            sequencer.RefuseWhenDiskFull();
            ProducerState? known = producers.Find(name);
            if (current is { } mine && (known?.Id != mine.Id || known.Epoch != mine.Epoch))
            {
                throw TakenOver(name, mine, known);
            }

            if (known is null)
            {
                MakeRoom();
            }

            ProducerState producer = known is null
                ? producers.Open(name, _nextId++, epoch: 0, clientId)
                : producers.Open(name, known.Id, checked(known.Epoch + 1), clientId);
            transactions.Fence(producer, AbortCause.TakenOver);
            byte[] body = new ByteWriter().Text(name).Int64(producer.Id).Int32(producer.Epoch).Text(clientId).ToArray();
            long lsn = sequencer.Enqueue(EntryKind.ProducerOpened, body, subject: null);
            return (new OpenedProducer(new ProducerIdentity(producer.Id, producer.Epoch), PositionsOf(producer)), lsn);
        }
    }

    /// <returns>Producers behind an id, by id, as of the answered LSN.</returns>
    public (IReadOnlyList<ProducerSummary> Producers, long Lsn) List(long afterId, int countMax, bool isNamed)
    {
        lock (_gate)
        {
            IEnumerable<ProducerState> behind = isNamed ? producers.NamedBehind(afterId) : producers.Behind(afterId);
            return ([.. behind.Take(countMax).Select(Summary)], sequencer.LastLsn);
        }
    }

    /// <exception cref="BrokerException">There is none.</exception>
    public (ProducerSummary Producer, IReadOnlyList<ProducerPosition> Positions, long Lsn) Describe(string? name, long id)
    {
        lock (_gate)
        {
            ProducerState producer = Known(name, id);
            return (Summary(producer), PositionsOf(producer), sequencer.LastLsn);
        }
    }

    /// <summary>Forgets a producer, with its sequences.</summary>
    /// <exception cref="BrokerException">There is none.</exception>
    public long Delete(string? name, long id)
    {
        lock (_gate)
        {
            sequencer.RefuseWhenStopped();
            return Forget(Known(name, id));
        }
    }

    /// <summary>Notes the time, and forgets those without a name that have been idle for too long. To be called once a second.</summary>
    public void Tend()
    {
        lock (_gate)
        {
            producers.Advance((long)time.GetElapsedTime(_startedAt).TotalMilliseconds, CountPerRound, sequencer.Shrink);
            if (!sequencer.TakesDecisions)
            {
                return;
            }

            var expired = new List<ProducerState>();
            while (expired.Count < CountPerRound && producers.OldestIdleFor(options.ProducerIdleMax) is { } oldest)
            {
                expired.Add(oldest);
                producers.Remove(oldest, sequencer.LastLsn + 1);
            }

            if (expired.Count > 0)
            {
                EnqueueForgotten(expired);
            }
        }
    }

    private static List<ProducerPosition> PositionsOf(ProducerState producer) =>
    [
        .. WindowsWithPosition(producer)
            .Select(window => new ProducerPosition(
                window.Partition!.TopicName, window.Partition.TopicId, window.Partition.Partition, window.NextSequence,
                window.Newest.BaseOffset + window.Newest.RecordCount - 1, window.Newest.AppendTimeMs))
            .OrderBy(position => position.Topic, StringComparer.Ordinal).ThenBy(position => position.Partition),
    ];

    private static BrokerException TakenOver(string name, ProducerIdentity mine, ProducerState? known) => new(
        BrokerError.InvalidProducerEpoch,
        known?.Id == mine.Id ? $"Producer {name} was taken over by another instance: its epoch is {known.Epoch}, not {mine.Epoch}."
            : $"The producer {name} with id {mine.Id} is no more: it was deleted.",
        new Dictionary<string, string> { ["found"] = mine.Epoch.ToString(), ["expected"] = (known?.Epoch ?? -1).ToString() });

    private ProducerSummary Summary(ProducerState producer) => new(
        producer.Id, producer.Name, producer.Epoch, producer.ClientId, Math.Max(0, producers.NowMs - producer.UsedAtMs),
        WindowsWithPosition(producer).Count());

    private static IEnumerable<ProducerWindow> WindowsWithPosition(ProducerState producer) =>
        Enumerable.Range(0, producer.WindowCount).Select(index => producer.Window(index))
            .Where(window => window.Count > 0 && window.Partition is { IsDeleted: false, Topic.IsDeletionDecided: false });

    private ProducerState Known(string? name, long id)
    {
        ProducerState? producer = name is null ? producers.Find(id) : producers.Find(name);
        return producer ?? throw new BrokerException(
            BrokerError.UnknownProducer,
            name is null ? $"No producer has the id {id}; it may have been forgotten after long idle time." : $"No producer has the name {name}.",
            new Dictionary<string, string> { ["producer"] = name ?? id.ToString() });
    }

    private void MakeRoom()
    {
        if (producers.Count < options.ProducersMax)
        {
            return;
        }

        if (producers.OldestIdleFor(ProducerTable.IdleAfter) is not { } oldest)
        {
            throw new BrokerException(
                BrokerError.ProducerLimitReached,
                $"This broker remembers {producers.Count} producers, as many as producer.state.max allows, and all of those without a name were "
                + $"used within {ProducerTable.IdleAfter.TotalMinutes:0} minutes. Keep producers instead of making new ones, or raise the limit.",
                new Dictionary<string, string> { ["limit"] = options.ProducersMax.ToString() });
        }

        Forget(oldest);
    }

    private long Forget(ProducerState producer)
    {
        transactions.Fence(producer, AbortCause.Operator);
        producers.Remove(producer, sequencer.LastLsn + 1);
        return EnqueueForgotten([producer]);
    }

    private long EnqueueForgotten(List<ProducerState> forgotten)
    {
        ByteWriter body = new ByteWriter().Int32(forgotten.Count);
        foreach (ProducerState producer in forgotten)
        {
            body.Int64(producer.Id);
        }

        return sequencer.Enqueue(EntryKind.ProducersForgotten, body.ToArray(), forgotten);
    }
}
