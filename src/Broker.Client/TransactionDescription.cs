namespace Broker.Client;

/// <summary>The transactions of one producer: the open one with what it has sent, and the newest commit.</summary>
/// <param name="Open">Null when none is.</param>
/// <param name="Staged">What the open one is to write.</param>
/// <param name="LastCommit">Null when it has never committed one.</param>
public sealed record TransactionDescription(
    string Producer, long ProducerId, int Epoch, OpenTransaction? Open, IReadOnlyList<StagedRecords> Staged, TransactionResult? LastCommit);

/// <summary>A transaction that is open.</summary>
/// <param name="ClientId">What its producer calls itself; may be empty.</param>
/// <param name="Timeout">At this age the broker aborts it.</param>
/// <param name="Bytes">Of its batches, as they will be in the log.</param>
/// <param name="FileBytes">Of those, the bytes that wait in a file.</param>
public sealed record OpenTransaction(
    string Producer, long ProducerId, int Epoch, long Number, string ClientId, TimeSpan Age, TimeSpan Timeout, int PartitionCount, int BatchCount,
    long RecordCount, long Bytes, long FileBytes);

/// <summary>What an open transaction is to write to one partition.</summary>
public readonly record struct StagedRecords(string Topic, int Partition, int BatchCount, long RecordCount, long Bytes);
