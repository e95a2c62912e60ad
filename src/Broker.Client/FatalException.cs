namespace Broker.Client;

/// <summary>The producer or consumer that threw this can do no more; close it and make another.</summary>
public sealed class FatalException(
    string reason,
    string message,
    bool isDefinite,
    IReadOnlyDictionary<string, string>? metadata = null,
    Exception? innerException = null)
    : BrokerException(reason, message, isDefinite, metadata, innerException);
