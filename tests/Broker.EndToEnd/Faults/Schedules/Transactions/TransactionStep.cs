namespace Broker.EndToEnd.Faults.Schedules.Transactions;

/// <summary>One call of a schedule, made after those before it. Calls of an instance that is not there yet are left out.</summary>
/// <param name="Instance">The one that the n-th opening makes, from 0.</param>
/// <param name="Number">Of the transaction, from 1.</param>
/// <param name="Slot">For a batch: in which of the schedule's two partitions.</param>
/// <param name="Batch">Its place in the transaction and partition, from 0.</param>
/// <param name="Stream">Over which of several streams.</param>
/// <param name="IsOverStream">For a commit: it goes over that stream, not as a call of its own.</param>
/// <param name="IsAwaited">Nothing more is done until it has its answer.</param>
internal sealed record TransactionStep(
    CallKind Kind, int Instance, int Number = 0, int Slot = 0, int Batch = 0, int Stream = 0, bool IsOverStream = false, bool IsAwaited = true);
