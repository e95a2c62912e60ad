using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Protocol.V1;
using Broker.Server.Services;

namespace Broker.Server.Streams;

/// <summary>Places in a log as clients name them.</summary>
internal static class Offsets
{
    /// <summary>The offset that is meant; at most the high watermark, at least the log start.</summary>
    /// <exception cref="BrokerException">OffsetOutOfRange, or InvalidRequest when nothing is named.</exception>
    public static long Resolve(PartitionHandle partition, OffsetSpec? spec) => spec?.SpecCase switch
    {
        OffsetSpec.SpecOneofCase.Offset => InRange(partition, spec.Offset),
        OffsetSpec.SpecOneofCase.TimestampMs => partition.OffsetForTimestamp(spec.TimestampMs),
        OffsetSpec.SpecOneofCase.LogEnd when spec.LogEnd == LogEnd.Earliest => partition.LogStartOffset,
        OffsetSpec.SpecOneofCase.LogEnd when spec.LogEnd == LogEnd.Latest => partition.HighWatermark,
        _ => throw new BrokerException(BrokerError.InvalidRequest, "Name an offset, a timestamp, or an end of the log."),
    };

    /// <summary>Reads what is there; at the end of a topic that was deleted, this is an error and not a reason to wait.</summary>
    public static ReadResult Read(IBatchLog log, PartitionHandle partition, long offset, int bytesMax)
    {
        ReadResult result = log.Read(partition, offset, bytesMax);
        return result.Error == BrokerError.None && result.Slice.IsEmpty && partition.IsDeleted
            ? result with { Error = BrokerError.UnknownTopicOrPartition }
            : result;
    }

    /// <summary>What a failed read says.</summary>
    public static BrokerException ReadFailure(ReadResult result, PartitionHandle partition, long offset) => result.Error switch
    {
        BrokerError.OffsetOutOfRange => OutOfRange(partition, offset),
        BrokerError.DataLoss => DataLoss(partition, offset, result.NextOffset),
        BrokerError.UnknownTopicOrPartition => new BrokerException(result.Error, $"Topic {partition.TopicName} was deleted."),
        _ => new BrokerException(result.Error, $"{Name(partition)} cannot be read at offset {offset}: {result.Error}."),
    };

    /// <inheritdoc cref="ReadFailure"/>
    public static Error ReadError(ReadResult result, PartitionHandle partition, long offset)
    {
        BrokerException failure = ReadFailure(result, partition, offset);
        return ErrorMap.ToError(failure.Error, failure.Message, failure.Facts);
    }

    private static long InRange(PartitionHandle partition, long offset) =>
        offset >= partition.LogStartOffset && offset <= partition.HighWatermark ? offset : throw OutOfRange(partition, offset);

    private static BrokerException OutOfRange(PartitionHandle partition, long offset) => new(
        BrokerError.OffsetOutOfRange,
        $"{Name(partition)} has no offset {offset}: it begins at {partition.LogStartOffset} and ends before {partition.HighWatermark}.",
        Facts(partition, offset));

    private static BrokerException DataLoss(PartitionHandle partition, long offset, long nextOffset)
    {
        Dictionary<string, string> facts = Facts(partition, offset);
        facts["topic"] = partition.TopicName;
        facts["partition"] = partition.Partition.ToString();
        string goOn = "";
        if (nextOffset >= 0)
        {
            facts["next_offset"] = nextOffset.ToString();
            goOn = $" The next record that can be read has offset {nextOffset}.";
        }

        bool isGivenUp = partition.Damages.Any(d => d.IsLossAccepted && offset >= d.Range.FromOffset && offset < d.Range.NextOffset);
        string state = isGivenUp ? "its records were given up by log repair" : "the bytes are kept and not served";
        return new BrokerException(BrokerError.DataLoss, $"{Name(partition)} is damaged at offset {offset}; {state}.{goOn}", facts);
    }

    private static string Name(PartitionHandle partition) => $"Topic {partition.TopicName}, partition {partition.Partition}";

    private static Dictionary<string, string> Facts(PartitionHandle partition, long offset) => new()
    {
        ["offset"] = offset.ToString(),
        ["log_start_offset"] = partition.LogStartOffset.ToString(),
        ["high_watermark"] = partition.HighWatermark.ToString(),
    };
}
