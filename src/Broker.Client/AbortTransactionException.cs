namespace Broker.Client;

/// <summary>The transaction cannot be committed any more: abort it and begin again.</summary>
public sealed class AbortTransactionException(
    string reason,
    string message,
    bool isDefinite,
    IReadOnlyDictionary<string, string>? metadata = null,
    Exception? innerException = null)
    : BrokerException(reason, message, isDefinite, metadata, innerException);
