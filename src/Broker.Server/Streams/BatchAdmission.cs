using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Protocol;
using Broker.Records;
using Broker.Server.Services;
using Durability = Broker.Protocol.V1.Durability;

namespace Broker.Server.Streams;

/// <summary>
/// Everything that can be checked about a batch before the sequencer sees it: checksums, limits, records, timestamps; and
/// what the topic's settings change about it.
/// </summary>
/// <remarks>One stream's thread; holds that stream's scratch memory.</remarks>
internal sealed class BatchAdmission(StreamContext context) : IDisposable
{
    private readonly BrokerEngine _engine = context.Engine;
    private readonly IBatchLog _log = context.Log;
    private readonly DecompressionBuffer _scratch = new();
    private TransactionContext? _transaction;

    public void Dispose() => _scratch.Dispose();

    /// <param name="owner">What the batch lies in; retained by the engine when it takes the batch.</param>
    /// <param name="transaction">The one that the batch belongs to; null for a plain append.</param>
    public BatchOutcome Append(in FrameBatch batch, PooledBuffer owner, Durability requested, TransactionContext? transaction = null)
    {
        _transaction = transaction;
        PartitionHandle? partition = _engine.FindPartition(batch.TopicId, batch.Partition);
        if (partition is null)
        {
            return Refused(BrokerError.UnknownTopicOrPartition, UnknownPartition(batch));
        }

        long nowMs = context.Time.GetUtcNow().ToUnixTimeMilliseconds();
        Span<byte> stored = batch.StoredBatch.Span;
        TopicSettings settings = partition.Settings;
        if (Check(partition, batch, settings, nowMs) is { } refusal)
        {
            return RefusedHere(partition, stored, refusal);
        }

        Durability durability = Stronger(requested, settings);
        bool isRecompressed = settings.CompressionType is { } codec && codec != new StoredBatchView(stored).Codec;
        return isRecompressed
            ? AppendRecompressed(partition, batch, settings.CompressionType!.Value, nowMs, durability)
            : AppendChecked(partition, batch.StoredBatch, owner, nowMs, durability, batch.ExpectedLastOffset);
    }

    /// <summary>A call may ask for more than its topic demands, never for less.</summary>
    public static Durability Stronger(Durability requested, TopicSettings settings) =>
        requested == Durability.Durable || settings.Durability == Engine.Durability.Durable ? Durability.Durable : Durability.Os;

    private BatchOutcome? Check(PartitionHandle partition, in FrameBatch batch, TopicSettings settings, long nowMs)
    {
        ReadOnlySpan<byte> stored = batch.StoredBatch.Span;
        int recordBytesMax = Math.Min(settings.MaxMessageBytes, _engine.Options.RecordBytesMax);
        BatchError error = StoredBatch.Validate(stored, partition.PrefixSeed, _engine.Options.BatchBytesMax);
        if (error == BatchError.None)
        {
            error = StoredBatch.ValidateRecords(stored, recordBytesMax, _scratch);
        }

        return error == BatchError.None
            ? CheckMark(stored, batch.ExpectedLastOffset) ?? CheckTimestamps(stored, settings, nowMs)
            : RefusedBatch(error, batch, partition, recordBytesMax);
    }

    /// <summary>A batch says of itself whether it belongs to a transaction: what was meant for one gets into no log without.</summary>
    private BatchOutcome? CheckMark(ReadOnlySpan<byte> stored, long? expectedLastOffset)
    {
        bool isMarked = new StoredBatchView(stored).IsTransactional;
        return isMarked != _transaction is not null
            ? Refused(
                BrokerError.InvalidRecord,
                isMarked ? "The batch is marked as one of a transaction, and the request names none." : "The batch is not marked as one of a transaction.")
            : isMarked && expectedLastOffset is not null
                ? Refused(BrokerError.InvalidRequest, "A batch of a transaction cannot expect a last offset: it has its place only with the commit.")
                : null;
    }

    /// <summary>
    /// Lets the sequencer know of a refusal of its batch. A batch that repeats one that was appended is no matter of limits: it
    /// may have been within them then.
    /// </summary>
    private BatchOutcome RefusedHere(PartitionHandle partition, ReadOnlySpan<byte> stored, in BatchOutcome refusal)
    {
        // Of a batch that is damaged nobody knows whose it is.
        bool isKnown = refusal.Code != BrokerError.CorruptMessage && stored.Length >= StoredBatch.OverheadBytes;
        return isKnown && Refuse(partition, new StoredBatchView(stored)) is { } repeated ? Outcome(partition, repeated) : refusal;
    }

    private AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch) =>
        _transaction is { } transaction && batch.IsTransactional ? _log.Refuse(partition, batch, transaction) : _log.Refuse(partition, batch);

    /// <summary>Hands a batch that passed every check to the sequencer.</summary>
    private BatchOutcome AppendChecked(
        PartitionHandle partition, Memory<byte> stored, PooledBuffer owner, long nowMs, Durability durability, long? expectedLastOffset)
    {
        if (partition.Settings.LogAppendTime)
        {
            StoredBatch.SetLogAppendTime(stored.Span, partition.PrefixSeed, nowMs);
        }

        return Outcome(partition, _transaction is { } transaction ? _log.Stage(partition, stored.Span, transaction) : _log.Append(
            partition, stored, owner, durability == Durability.Durable ? Engine.Durability.Durable : Engine.Durability.Os, expectedLastOffset));
    }

    private static BatchOutcome Outcome(PartitionHandle partition, in AppendDecision decision)
    {
        return decision.IsAccepted
            ? new BatchOutcome(
                decision.BaseOffset, decision.AppendTimeMs, decision.Duplicate, ToWire(decision.Durability), decision.Lsn,
                BrokerError.None, Error: null)
            : BatchOutcome.Refused(decision.Error, $"{Name(partition)}: {decision.Describe()}", FactsOf(decision), decision.Lsn);
    }

    private static Durability ToWire(Engine.Durability durability) =>
        durability == Engine.Durability.Durable ? Durability.Durable : Durability.Os;

    private static BatchOutcome? CheckTimestamps(ReadOnlySpan<byte> stored, TopicSettings settings, long nowMs)
    {
        var view = new StoredBatchView(stored);
        if (view.IsLogAppendTime)
        {
            return Refused(BrokerError.InvalidTimestamp, "The batch claims the log's append time, which only the broker gives.");
        }

        long latestMs = settings.TimestampAfterMaxMs > long.MaxValue - nowMs ? long.MaxValue : nowMs + settings.TimestampAfterMaxMs;
        return settings.LogAppendTime || view.MaxTimestamp <= latestMs ? null : Future(view.MaxTimestamp, latestMs);

        static BatchOutcome Future(long timestampMs, long latestMs) => Refused(
            BrokerError.InvalidTimestamp,
            $"A record is dated {Time(timestampMs)}, later than message.timestamp.after.max.ms allows ({Time(latestMs)}).",
            new() { ["timestamp_ms"] = timestampMs.ToString(), ["latest_ms"] = latestMs.ToString() });
    }

    private static string Time(long ms) => ms <= DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()
        ? $"{DateTimeOffset.FromUnixTimeMilliseconds(ms):yyyy-MM-ddTHH:mm:ss.fffZ}"
        : $"{ms} ms";

    private static BatchOutcome Refused(BrokerError error, string message, Dictionary<string, string>? facts = null) =>
        BatchOutcome.Refused(error, message, facts, lsn: 0);

    private static string UnknownPartition(in FrameBatch batch) =>
        $"There is no partition {batch.Partition} of a topic with id {batch.TopicId}: it was deleted, or deleted and created anew.";

    private static Dictionary<string, string> FactsOf(in AppendDecision decision)
    {
        (string found, string expected) = (decision.Found.ToString(), decision.Expected.ToString());
        return decision.Error == BrokerError.ExpectedOffsetMismatch
            ? new() { ["expected_last_offset"] = found, ["last_offset"] = expected }
            : new() { ["found"] = found, ["expected"] = expected };
    }

    private BatchOutcome AppendRecompressed(
        PartitionHandle partition, in FrameBatch batch, Codec codec, long nowMs, Durability durability)
    {
        BatchError error = Transcoder.Recompress(
            batch.StoredBatch.Span, partition.PrefixSeed, codec, _scratch, out PooledBuffer? recompressed);
        if (recompressed is null)
        {
            return RefusedHere(partition, batch.StoredBatch.Span, RefusedBatch(error, batch, partition, recordBytesMax: 0));
        }

        try
        {
            return recompressed.Length > _engine.Options.BatchBytesMax
                ? RefusedHere(
                    partition, batch.StoredBatch.Span,
                    TooLarge(partition, BatchError.TooLarge, recompressed.Length, _engine.Options.BatchBytesMax))
                : AppendChecked(partition, recompressed.Memory, recompressed, nowMs, durability, batch.ExpectedLastOffset);
        }
        finally
        {
            recompressed.Release();
        }
    }

    private BatchOutcome RefusedBatch(BatchError error, in FrameBatch batch, PartitionHandle partition, int recordBytesMax)
    {
        return error switch
        {
            BatchError.TooLarge => TooLarge(partition, error, batch.StoredBatch.Length, _engine.Options.BatchBytesMax),
            BatchError.RecordTooLarge => TooLarge(partition, error, LargestRecordBytes(batch.StoredBatch.Span), recordBytesMax),
            _ => Refused(ErrorMap.Of(error), $"{Name(partition)}: {BatchErrors.Describe(error)}."),
        };
    }

    private static BatchOutcome TooLarge(PartitionHandle partition, BatchError error, long size, long limit) => Refused(
        BrokerError.MessageTooLarge,
        $"{Name(partition)}: {BatchErrors.Describe(error)}: {size} bytes, the limit is {limit}.",
        new() { ["size_bytes"] = size.ToString(), ["limit_bytes"] = limit.ToString() });

    private static string Name(PartitionHandle partition) => $"Topic {partition.TopicName}, partition {partition.Partition}";

    private long LargestRecordBytes(ReadOnlySpan<byte> stored)
    {
        long largest = 0;
        if (BatchReader.TryOpen(stored, _scratch, out BatchReader reader) == BatchError.None)
        {
            while (reader.TryRead(out RecordView record))
            {
                largest = Math.Max(largest, record.SizeBytes);
            }
        }

        return largest;
    }
}
