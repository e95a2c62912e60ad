using Broker.Client.Transport;

namespace Broker.Client.Producing;

/// <summary>The errors that the producer itself gives to records, each with its sentence in one place.</summary>
internal static class Failures
{
    public static BrokerException TimedOut(TimeSpan timeout, BrokerException? last, bool isDefinite)
    {
        string cause = last is null ? "" : $" Last error: {last.Message}";
        string outcome = isDefinite ? "It was not written." : "Whether it was written is unknown.";
        return new RetriableException(
            ErrorReasons.RequestTimedOut,
            $"The record was not acknowledged within {timeout.TotalSeconds:0.###} s. {outcome}{cause}",
            isDefinite,
            last?.Metadata,
            last);
    }

    public static BrokerException NoAnswer(ServerAddress server)
    {
        return new RetriableException(
            ErrorReasons.RequestTimedOut,
            $"The broker at {server.Display} did not answer in time.",
            isDefinite: false);
    }

    public static BrokerException InDoubt(BrokerException? cause)
    {
        return new BrokerException(
            cause?.Reason ?? ErrorReasons.UnknownProducerId,
            "Whether the record was written is unknown: the connection broke before its acknowledgement, and the broker "
                + $"cannot tell any more. {cause?.Message}",
            isDefinite: false,
            cause?.Metadata,
            cause);
    }

    public static BrokerException DuplicateOutsideWindow(BrokerException refusal)
    {
        return new BrokerException(
            refusal.Reason,
            $"The record's sequence is older than what the broker remembers, so its offset is unknown. {refusal.Message}",
            isDefinite: false,
            refusal.Metadata,
            refusal);
    }

    public static BrokerException Closed(BrokerException? last, bool isDefinite)
    {
        string cause = last is null ? "" : $" Last error: {last.Message}";
        string outcome = isDefinite ? "It was not written." : "Whether it was written is unknown.";
        return new BrokerException(
            ErrorReasons.ClientClosed,
            $"The producer was closed before the record was acknowledged. {outcome}{cause}",
            isDefinite,
            innerException: last);
    }

    public static BrokerException PartitionGone(string topic, int partition, int partitionCount, bool isDefinite)
    {
        return new BrokerException(
            ErrorReasons.UnknownTopicOrPartition,
            $"Topic '{topic}' has {partitionCount} partitions, 0 to {partitionCount - 1}; there is no partition {partition}.",
            isDefinite,
            new Dictionary<string, string> { ["topic"] = topic, ["partition"] = partition.ToString() });
    }

    public static BrokerException RecordTooLarge(string topic, int sizeBytes, long limitBytes, string limit)
    {
        return new BrokerException(
            ErrorReasons.MessageTooLarge,
            $"The record takes {sizeBytes} bytes; {limit} for topic '{topic}' is {limitBytes} bytes.",
            isDefinite: true,
            new Dictionary<string, string>
            {
                ["topic"] = topic,
                ["size_bytes"] = sizeBytes.ToString(),
                ["limit_bytes"] = limitBytes.ToString(),
            });
    }
}
