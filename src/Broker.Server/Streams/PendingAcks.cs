namespace Broker.Server.Streams;

/// <summary>
/// The requests of one produce stream between decision and ack, in order. A request leaves in two steps: it is
/// acknowledged when its durability is reached, and its bytes are freed when the journal no longer needs them.
/// </summary>
/// <remarks>Thread-safe: the reader adds, the ack pump takes.</remarks>
internal sealed class PendingAcks
{
    private readonly Lock _gate = new();
    private readonly Ring<PendingRequest> _requests = new();
    private readonly Ring<BatchOutcome> _outcomes = new();
    private long _firstUnacked;

    public bool IsEmpty
    {
        get
        {
            lock (_gate)
            {
                return _requests.Head == _requests.Tail;
            }
        }
    }

    /// <returns>True when nothing was pending before: the pump may be asleep.</returns>
    public bool Add(in PendingRequest request, ReadOnlySpan<BatchOutcome> outcomes)
    {
        lock (_gate)
        {
            bool wasEmpty = _requests.Head == _requests.Tail;
            _requests.Add(request);
            foreach (ref readonly BatchOutcome outcome in outcomes)
            {
                _outcomes.Add(outcome);
            }

            return wasEmpty;
        }
    }

    /// <summary>Moves the oldest unacknowledged request into the response, when its durability is reached.</summary>
    public bool TryTakeReady(long writtenLsn, long visibleLsn, AckBuilder response, out PendingRequest request)
    {
        lock (_gate)
        {
            request = default;
            if (_firstUnacked == _requests.Tail)
            {
                return false;
            }

            request = _requests[_firstUnacked];
            if (request.VisibleLsn > visibleLsn || request.WrittenLsn > writtenLsn)
            {
                return false;
            }

            response.Begin(request.CorrelationId, request.Commit);
            long end = _outcomes.Head + request.OutcomeCount;
            for (long index = _outcomes.Head; index < end; index++)
            {
                response.Add(_outcomes[index]);
            }

            _outcomes.DropBefore(end);
            _firstUnacked++;
            return true;
        }
    }

    /// <summary>Forgets acknowledged requests that the journal no longer needs.</summary>
    /// <returns>Their bytes.</returns>
    public long TakeFreedBytes(long visibleLsn)
    {
        lock (_gate)
        {
            long bytes = 0;
            long head = _requests.Head;
            while (head < _firstUnacked && _requests[head].LastLsn <= visibleLsn)
            {
                bytes += _requests[head++].SizeBytes;
            }

            _requests.DropBefore(head);
            return bytes;
        }
    }

    /// <summary>Forgets everything: the stream is over.</summary>
    /// <returns>The bytes that were still held.</returns>
    public long TakeAllBytes()
    {
        lock (_gate)
        {
            _firstUnacked = _requests.Tail;
        }

        return TakeFreedBytes(long.MaxValue);
    }
}
