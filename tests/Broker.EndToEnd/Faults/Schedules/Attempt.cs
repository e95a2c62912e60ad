using Broker.Protocol.V1;

namespace Broker.EndToEnd.Faults.Schedules;

/// <summary>A batch that was sent.</summary>
/// <param name="epoch">Under which it was sent, which need not be that of the instance that made it.</param>
/// <param name="stream">Requests on one stream are decided in order.</param>
/// <param name="place">Among those on its stream.</param>
internal sealed class Attempt(ScheduledBatch batch, int epoch, int stream, int place, long sentAt) : ScheduledCall(sentAt)
{
    public ScheduledBatch Batch => batch;

    public int Epoch => epoch;

    public BatchResult? Result { get; private set; }

    /// <summary>It was written by this attempt.</summary>
    public bool IsAccepted => Result is { Error: null, Duplicate: false };

    public bool IsDuplicate => Result is { Error: null, Duplicate: true };

    public void Answer(BatchResult result, long at) => (Result, AnsweredAt) = (result, at);

    public override bool IsBefore(ScheduledCall other) => base.IsBefore(other) || (other is Attempt later && later.IsBehind(stream, place));

    public override string ToString()
    {
        string answer = Result switch
        {
            null => "no answer",
            { Error: { } error } => error.Reason,
            { Duplicate: true } => $"duplicate of {Result.BaseOffset}",
            _ => $"at {Result.BaseOffset}",
        };
        return $"stream {stream}: epoch {epoch}, sequence {batch.Sequence} to {batch.EndSequence - 1}: {answer}";
    }

    private bool IsBehind(int itsStream, int itsPlace) => stream == itsStream && place > itsPlace;
}
