using Microsoft.Extensions.Logging;

namespace Broker.Client.Diagnostics;

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Warning, "{Work} lost the broker at {Server}: {Error} Next attempt in {WaitMs} ms.")]
    public static partial void ConnectionLost(ILogger logger, string work, string server, string error, long waitMs);

    [LoggerMessage(2, LogLevel.Information, "{Work} reached the broker at {Server} again after {Attempts} attempts.")]
    public static partial void Reconnected(ILogger logger, string work, string server, int attempts);

    [LoggerMessage(3, LogLevel.Debug, "The broker gave producer id {ProducerId}, epoch {Epoch}.")]
    public static partial void ProducerStarted(ILogger logger, long producerId, int epoch);

    [LoggerMessage(4, LogLevel.Warning, "{Topic} partition {Partition}: {Reason}. The producer continues under a new id; records in doubt fail as unknown.")]
    public static partial void ProducerReplaced(ILogger logger, string topic, int partition, string reason);

    [LoggerMessage(5, LogLevel.Warning, "{Topic} partition {Partition}: the broker takes no records for now ({Reason}): {Error} They are sent again until it does.")]
    public static partial void RefusedForNow(ILogger logger, string topic, int partition, string reason, string error);

    [LoggerMessage(11, LogLevel.Information, "{Topic} partition {Partition}: the broker takes records again.")]
    public static partial void TakenAgain(ILogger logger, string topic, int partition);

    [LoggerMessage(12, LogLevel.Warning, "The broker at {Server} takes no producer for now ({Reason}): {Error} Next attempt in {WaitMs} ms.")]
    public static partial void ProducerRefusedForNow(ILogger logger, string server, string reason, string error, long waitMs);

    [LoggerMessage(13, LogLevel.Warning, "{Error} Next attempt in {WaitMs} ms.")]
    public static partial void CallTriedAgain(ILogger logger, string error, long waitMs);

    [LoggerMessage(6, LogLevel.Error, "{Topic} partition {Partition}: {RecordCount} records failed ({Reason}): {Error}")]
    public static partial void BatchFailed(ILogger logger, string topic, int partition, int recordCount, string reason, string error);

    [LoggerMessage(7, LogLevel.Warning, "Topic {Topic} was deleted and created again; the producer goes on with the new one.")]
    public static partial void TopicRecreated(ILogger logger, string topic);

    [LoggerMessage(8, LogLevel.Error, "A delivery callback threw.")]
    public static partial void DeliveryCallbackFailed(ILogger logger, Exception exception);

    [LoggerMessage(10, LogLevel.Critical, "A fault in the client; the producer stops.")]
    public static partial void ProducerFailed(ILogger logger, Exception exception);

    [LoggerMessage(11, LogLevel.Warning, "Processor of group {Group} goes back to its last commit: {Error}")]
    public static partial void ProcessorGoesBack(ILogger logger, string group, string error);

    [LoggerMessage(9, LogLevel.Warning, "No message from {Server} for {Seconds} s; the stream counts as dead.")]
    public static partial void StreamSilent(ILogger logger, string server, long seconds);
}
