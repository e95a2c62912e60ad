using Broker.Protocol;
using Broker.Records;

namespace Broker.Client.Producing;

/// <summary>What the broker knows a producer by. Compared by reference: each InitProducer gives another one.</summary>
/// <param name="positions">Of a producer with a name: where it was when it was opened.</param>
internal sealed class ProducerIdentity(long id, int epoch, IReadOnlyList<ProducerPosition>? positions = null)
{
    private readonly Dictionary<(TopicId, int), long> _nextSequences =
        (positions ?? []).ToDictionary(p => (new TopicId(p.TopicId), p.Partition), p => p.RecordCount);

    public long Id { get; } = id;

    public int Epoch { get; } = epoch;

    public IReadOnlyList<ProducerPosition> Positions { get; } = positions ?? [];

    /// <summary>Whether it has a name, under which it may be opened once more.</summary>
    public bool IsNamed { get; } = positions is not null;

    /// <summary>The transaction that batches stand in under it; null for none.</summary>
    public FrameTransaction? Transaction { get; private init; }

    /// <summary>The same within a transaction: sequences begin at 0 everywhere.</summary>
    public ProducerIdentity Within(FrameTransaction transaction) => new(Id, Epoch) { Transaction = transaction };

    /// <summary>The sequence that its next batch in a partition begins with, as of its opening.</summary>
    public long NextSequence(TopicId topicId, int partition) => _nextSequences.GetValueOrDefault((topicId, partition));

    /// <summary>The same producer, opened once more: batches that stand under the one may be sent again under the other.</summary>
    public bool Continues(ProducerIdentity? before) => before is not null && before.Id == Id && before.Epoch < Epoch;
}
