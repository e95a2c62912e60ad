using Broker.Records;

namespace Broker.Engine.Transactions;

/// <summary>One batch that waits for its transaction's commit.</summary>
/// <param name="Buffer">The stored batch; null while it is in the transaction's staging file.</param>
/// <param name="FilePosition">Where it is in that file; −1 when it never was.</param>
internal readonly record struct StagedBatch(long FirstSequence, int RecordCount, int Bytes, PooledBuffer? Buffer, long FilePosition);
