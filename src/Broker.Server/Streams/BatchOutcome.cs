using Broker.Engine;
using Broker.Protocol.V1;
using Broker.Server.Services;
using Durability = Broker.Protocol.V1.Durability;

namespace Broker.Server.Streams;

/// <summary>What became of one batch of a produce request.</summary>
/// <param name="Lsn">What the answer depends on, also when the batch was refused; 0 for nothing.</param>
/// <param name="Code">What the batch was refused with …</param>
/// <param name="Error">… and how the client is told; null when it was taken.</param>
internal readonly record struct BatchOutcome(
    long BaseOffset, long AppendTimeMs, bool IsDuplicate, Durability Durability, long Lsn, BrokerError Code, Error? Error)
{
    public static BatchOutcome Refused(BrokerError code, string message, IReadOnlyDictionary<string, string>? facts, long lsn) =>
        new(-1, 0, IsDuplicate: false, Durability.Durable, lsn, code, ErrorMap.ToError(code, message, facts));
}
