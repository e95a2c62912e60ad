using Broker.Engine.Entries;
using Broker.Engine.Offsets;
using Broker.Engine.State;
using Broker.Engine.Transactions;
using Broker.Records;
using Broker.Storage.Segments;

namespace Broker.Engine.Inspection;

/// <summary>One entry of the stored state, in words and numbers.</summary>
/// <param name="Family">Its kind: the name of the column family.</param>
/// <param name="Fields">Key first. Values are texts, numbers (long), truth values and nested lists of these.</param>
internal sealed record StateRecord(string Family, IReadOnlyList<(string Name, object Value)> Fields)
{
    public static IEnumerable<StateRecord> All(StoredState state)
    {
        Dictionary<TopicId, string> names = state.Family(StateFamily.Topics)
            .ToDictionary(topic => TopicId.Read(topic.Key.Span), topic => new ByteReader(topic.Value.Span).Text());
        foreach (StateFamily family in Enum.GetValues<StateFamily>())
        {
            foreach ((ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) in state.Family(family))
            {
                yield return new StateRecord(family.ToString().ToLowerInvariant(), [.. FieldsOf(family, key, value, names)]);
            }
        }
    }

    private static (string, object)[] FieldsOf(
        StateFamily family, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value, Dictionary<TopicId, string> names) => family switch
        {
            StateFamily.Meta => Meta(value),
            StateFamily.Topics => Topic(key, value),
            StateFamily.Partitions => [.. Partition(key, names), .. Partition(value)],
            StateFamily.Segments => [.. Partition(key, names), .. Segment(StateKeys.ReadNumber(key), value)],
            StateFamily.Producers => Producer(key, value),
            StateFamily.Sequences => [.. Partition(key, names), ("producer_id", StateKeys.ReadNumber(key)), .. Window(value)],
            StateFamily.Damages => [.. Partition(key, names), .. Damage(value)],
            StateFamily.DeletedTopics => [("topic_id", TopicId.Read(key).ToString())],
            StateFamily.Transactions => [("producer_id", StateKeys.ReadNumber(key)), .. Transaction(value, names)],
            StateFamily.Offsets => [.. Partition(key, names), ("group", StateKeys.ReadGroup(key)), .. Offset(value)],
            _ => throw new InvalidOperationException($"no words for {family}"),
        };

    private static (string, object)[] Meta(ReadOnlySpan<byte> value)
    {
        Checkpoint checkpoint = Checkpoint.Read(value);
        return
        [
            ("lsn", checkpoint.Position.Lsn), ("journal_file", checkpoint.Position.FileNumber), ("journal_position", checkpoint.Position.Position),
            ("incarnation", checkpoint.Incarnation), ("next_producer_id", checkpoint.NextProducerId),
        ];
    }

    private static (string, object)[] Topic(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var reader = new ByteReader(value);
        (string name, long createdMs, int partitions) = (reader.Text(), reader.Int64(), reader.Int32());
        string config = string.Join(", ", reader.Map().OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Key}={c.Value}"));
        return [("topic", name), ("topic_id", TopicId.Read(key).ToString()), ("created_ms", createdMs), ("partitions", (long)partitions), ("config", config)];
    }

    private static (string, object)[] Partition(ReadOnlySpan<byte> key, Dictionary<TopicId, string> names)
    {
        (TopicId id, int partition) = StateKeys.ReadPartition(key);
        return [("topic", names.GetValueOrDefault(id, "")), ("topic_id", id.ToString()), ("partition", (long)partition)];
    }

    private static (string, object)[] Partition(ReadOnlySpan<byte> value)
    {
        (long logStart, long next) = StateValues.ReadPartition(value);
        return [("log_start_offset", logStart), ("next_offset", next)];
    }

    private static (string, object)[] Segment(long baseOffset, ReadOnlySpan<byte> value)
    {
        SegmentState segment = StateValues.ReadSegment(baseOffset, value);
        return
        [
            ("base_offset", baseOffset), ("next_offset", segment.NextOffset), ("bytes", (long)segment.EndPosition),
            ("capacity_bytes", (long)segment.CapacityBytes), ("max_timestamp_ms", segment.MaxTimestampMs),
            ("first_append_ms", segment.FirstAppendMs), ("last_append_ms", segment.LastAppendMs),
        ];
    }

    private static (string, object)[] Producer(ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        (int epoch, string? name, string clientId) = StateValues.ReadProducer(value);
        return [("producer_id", StateKeys.ReadNumber(key)), ("name", name ?? ""), ("epoch", (long)epoch), ("client_id", clientId)];
    }

    private static (string, object)[] Window(ReadOnlySpan<byte> value)
    {
        var reader = new ByteReader(value);
        _ = reader.Int32();
        var batches = new List<object>();
        for (int count = reader.Int32(); count > 0; count--)
        {
            batches.Add(new (string, object)[]
            {
                ("sequence", reader.Int64()), ("records", (long)reader.Int32()), ("base_offset", reader.Int64()), ("append_ms", reader.Int64()),
                ("lsn", reader.Int64()),
            });
        }

        return [("batches", batches)];
    }

    private static (string, object)[] Damage(ReadOnlySpan<byte> value)
    {
        var reader = new ByteReader(value);
        (DamagedRange range, bool isLossAccepted) = StateValues.ReadDamage(ref reader);
        return
        [
            ("segment", range.SegmentBaseOffset), ("from_position", (long)range.FromPosition), ("to_position", (long)range.ToPosition),
            ("from_offset", range.FromOffset), ("next_offset", range.NextOffset), ("loss_accepted", isLossAccepted),
        ];
    }

    private static (string, object)[] Transaction(ReadOnlySpan<byte> value, Dictionary<TopicId, string> names)
    {
        var reader = new ByteReader(value);
        TransactionOutcome outcome = CommitEffects.ReadOutcome(ref reader);
        List<object> places =
        [
            .. outcome.Partitions.Select(place => new (string, object)[]
            {
                ("topic", names.GetValueOrDefault(place.TopicId, "")), ("topic_id", place.TopicId.ToString()), ("partition", (long)place.Partition),
                ("base_offset", place.BaseOffset), ("records", place.RecordCount),
            }),
        ];
        return [("epoch", (long)outcome.Epoch), ("number", outcome.Number), ("commit_ms", outcome.CommitTimeMs), ("lsn", outcome.Lsn), ("partitions", places)];
    }

    private static (string, object)[] Offset(ReadOnlySpan<byte> value)
    {
        OffsetValue offset = StateValues.ReadOffset(value);
        return [("offset", offset.Offset), ("metadata", offset.Metadata), ("commit_ms", offset.CommitTimeMs)];
    }
}
