using Broker.Protocol.V1;

namespace Broker.Server.Streams;

/// <summary>A produce request that waits for the journal.</summary>
/// <param name="VisibleLsn">May be acknowledged when the journal is visible up to here …</param>
/// <param name="WrittenLsn">… and written up to here.</param>
/// <param name="LastLsn">Its bytes are no longer needed when the journal is visible up to here.</param>
/// <param name="ReceivedTimestamp">Of the <see cref="TimeProvider"/>.</param>
/// <param name="Commit">What became of the commit that it asked for; null for none.</param>
internal readonly record struct PendingRequest(
    ulong CorrelationId, int OutcomeCount, long VisibleLsn, long WrittenLsn, long LastLsn, int SizeBytes, long ReceivedTimestamp,
    CommitResult? Commit);
