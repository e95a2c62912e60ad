namespace Broker.EndToEnd.Faults.Schedules;

/// <summary>One thing that a schedule does, after those before it.</summary>
internal abstract record ScheduleStep;

/// <summary>
/// Opens the producer once more, for its next instance: the first time under no epoch, then under the next one. What follows is done while
/// the answer is under way; the steps of the new instance wait for it.
/// </summary>
internal sealed record OpenStep : ScheduleStep;

/// <summary>Sends a batch, perhaps not for the first time.</summary>
/// <param name="Instance">Under whose epoch: the instance that the n-th opening made, from 0.</param>
/// <param name="Batch">The instance's own batches are counted from 0; −1 is the last one that was written before it was opened.</param>
/// <param name="Stream">Over which stream; one after the other on the same.</param>
/// <param name="Pause">Before.</param>
/// <param name="IsAwaited">Nothing more is done until it has its answer.</param>
internal sealed record SendStep(int Instance, int Batch, int Stream, TimeSpan Pause, bool IsAwaited) : ScheduleStep;
