using Broker.Records;

namespace Broker.Client.Consuming;

/// <summary>The errors that reading itself finds, each with its sentence in one place.</summary>
internal static class ReadFailures
{
    public static BrokerException Corrupt(string topic, int partition, long offset, BatchError error)
    {
        return new BrokerException(
            ErrorReasons.CorruptMessage,
            $"Topic '{topic}', partition {partition}: what came for offset {offset} is damaged. {BatchErrors.Describe(error)}",
            isDefinite: true,
            Place(topic, partition, offset));
    }

    public static BrokerException Gap(string topic, int partition, long expected, long found)
    {
        return new BrokerException(
            ErrorReasons.DataLoss,
            $"Topic '{topic}', partition {partition}: offset {expected} was due and {found} came.",
            isDefinite: true,
            Place(topic, partition, expected));
    }

    public static BrokerException UnknownPartition(string topic, int partition, int partitionCount)
    {
        return new BrokerException(
            ErrorReasons.UnknownTopicOrPartition,
            $"Topic '{topic}' has {partitionCount} partitions, 0 to {partitionCount - 1}; there is no partition {partition}.",
            isDefinite: true,
            Place(topic, partition, offset: null));
    }

    public static BrokerException UnexpectedStart(uint startId)
    {
        return new BrokerException(
            ErrorReasons.ProtocolViolation,
            $"The broker sent data for a start_id that was never asked for: {startId}.",
            isDefinite: true);
    }

    private static Dictionary<string, string> Place(string topic, int partition, long? offset)
    {
        var place = new Dictionary<string, string> { ["topic"] = topic, ["partition"] = partition.ToString() };
        if (offset is { } value)
        {
            place["offset"] = value.ToString();
        }

        return place;
    }
}
