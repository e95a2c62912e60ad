namespace Broker.Engine.Producers;

/// <summary>What a batch's producer, epoch and sequence say about it.</summary>
/// <param name="Original">The batch that this one repeats, when it is a duplicate.</param>
/// <param name="Expected">What was expected instead of the offending epoch or sequence.</param>
internal readonly record struct SequenceCheck(BrokerError Error, bool IsDuplicate, SequencedBatch Original, long Expected)
{
    public bool IsNext => Error == BrokerError.None && !IsDuplicate;
}
