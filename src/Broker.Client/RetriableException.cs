namespace Broker.Client;

/// <summary>The same request may succeed later. The client has already retried for as long as its options allow.</summary>
public sealed class RetriableException(
    string reason,
    string message,
    bool isDefinite,
    IReadOnlyDictionary<string, string>? metadata = null,
    Exception? innerException = null)
    : BrokerException(reason, message, isDefinite, metadata, innerException);
