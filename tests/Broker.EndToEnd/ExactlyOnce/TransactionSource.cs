using Broker.Checker.Histories;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>What a transaction is made from.</summary>
/// <param name="Group">Whose offset is committed with it.</param>
/// <param name="Next">The offset behind what was polled.</param>
internal sealed record TransactionSource(string Group, PolledRecord[] Polled, PartitionPosition Next);
