namespace Broker.Engine;

/// <summary>A refusal on a cold path. The message is one sentence for a person; the facts are for programs.</summary>
internal sealed class BrokerException(BrokerError error, string message, IReadOnlyDictionary<string, string>? facts = null)
    : Exception(message)
{
    public BrokerError Error { get; } = error;

    public IReadOnlyDictionary<string, string> Facts { get; } = facts ?? new Dictionary<string, string>();
}
