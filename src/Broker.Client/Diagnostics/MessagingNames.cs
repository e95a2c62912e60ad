namespace Broker.Client.Diagnostics;

/// <summary>
/// OpenTelemetry's names for messaging (semantic conventions, status Development) in one place: version 1.45 is to rename
/// some of them.
/// </summary>
internal static class MessagingNames
{
    public const string Source = "Broker.Client";

    public const string System = "messaging.system";
    public const string SystemValue = "broker";
    public const string OperationName = "messaging.operation.name";
    public const string OperationType = "messaging.operation.type";
    public const string Destination = "messaging.destination.name";
    public const string PartitionId = "messaging.destination.partition.id";
    public const string BatchMessageCount = "messaging.batch.message_count";
    public const string ClientId = "messaging.client.id";
    public const string ErrorType = "error.type";
    public const string ServerAddress = "server.address";
    public const string ServerPort = "server.port";

    public const string Send = "send";
    public const string Receive = "receive";

    public const string OperationDuration = "messaging.client.operation.duration";
    public const string SentMessages = "messaging.client.sent.messages";
    public const string ConsumedMessages = "messaging.client.consumed.messages";

    public const string TraceParent = "traceparent";
    public const string TraceState = "tracestate";
}
