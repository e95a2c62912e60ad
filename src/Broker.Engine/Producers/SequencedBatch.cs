using System.Runtime.InteropServices;

namespace Broker.Engine.Producers;

/// <summary>One batch that a producer appended to a partition, as a retry needs it.</summary>
// Packed, so that the flags of a window fit behind it: there may be a million.
[StructLayout(LayoutKind.Sequential, Pack = 4)]
internal readonly record struct SequencedBatch(long FirstSequence, int RecordCount, long BaseOffset, long AppendTimeMs, long Lsn)
{
    public long NextSequence => FirstSequence + RecordCount;
}
