using Broker.Checker.Histories;

namespace Broker.Checker.Evidence;

/// <summary>Where partitions begin and end, as the broker says, and when writing ended.</summary>
internal sealed class LogBounds
{
    private readonly long[] _logStart;
    private readonly long[] _endMax;
    private readonly long[] _endAfterWrites;

    public LogBounds(History history)
    {
        _logStart = new long[history.KeyCount];
        _endMax = new long[history.KeyCount];
        _endAfterWrites = new long[history.KeyCount];
        Array.Fill(_endAfterWrites, -1);
        LastWriteAt = -1;
        foreach (Operation operation in history.Operations)
        {
            if (operation.Function is Function.Send or Function.Txn or Function.EndTxn)
            {
                LastWriteAt = Math.Max(LastWriteAt, operation.EndedAt);
                LastWriteNs = Math.Max(LastWriteNs, operation.EndedNs);
            }
        }

        foreach (Operation operation in history.Operations.Where(operation => operation.IsOk))
        {
            foreach (PartitionEnds ends in operation.Ends)
            {
                _logStart[ends.Key] = Math.Max(_logStart[ends.Key], ends.LogStart);
                _endMax[ends.Key] = Math.Max(_endMax[ends.Key], ends.HighWatermark);
                if (operation.InvokedAt > LastWriteAt)
                {
                    _endAfterWrites[ends.Key] = Math.Max(_endAfterWrites[ends.Key], ends.HighWatermark);
                }
            }
        }
    }

    /// <summary>Number of the event that ended the last write; <see cref="Operation.Never"/> when one did not come to an end.</summary>
    public int LastWriteAt { get; }

    public long LastWriteNs { get; }

    /// <summary>The highest log start that was reported: what is below it may be gone.</summary>
    public long LogStart(int key) => _logStart[key];

    /// <summary>The highest high watermark that was reported.</summary>
    public long EndMax(int key) => _endMax[key];

    /// <summary>The high watermark that was asked for after the last write; -1 when nobody asked.</summary>
    public long EndAfterWrites(int key) => _endAfterWrites[key];
}
