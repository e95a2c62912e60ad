namespace Broker.Engine.Producers;

/// <summary>One batch that a producer appended to a partition, as a retry needs it.</summary>
internal readonly record struct SequencedBatch(long FirstSequence, int RecordCount, long BaseOffset, long AppendTimeMs, long Lsn)
{
    public long NextSequence => FirstSequence + RecordCount;
}
