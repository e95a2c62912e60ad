using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Tasks.Sources;

namespace Broker.Client.Producing;

/// <summary>What one SendAsync call waits on. Pooled: it goes back when its result was taken.</summary>
internal sealed class SendOperation : IValueTaskSource<RecordMetadata>
{
    // As many records as somebody may await at once without a new object for each further one.
    private const int IdleCountMax = 4096;

    private static readonly ConcurrentQueue<SendOperation> Idle = new();

    // User code continues on the pool: it must not run on the loop that reads acknowledgements.
    private ManualResetValueTaskSourceCore<RecordMetadata> _core = new() { RunContinuationsAsynchronously = true };

    private SendOperation()
    {
    }

    /// <summary>The record's place in its batch.</summary>
    public int RecordIndex { get; set; }

    /// <summary>The next operation of the same batch.</summary>
    public SendOperation? Next { get; set; }

    public Activity? Activity { get; set; }

    public ValueTask<RecordMetadata> Task => new(this, _core.Version);

    public static SendOperation Rent() => Idle.TryDequeue(out SendOperation? operation) ? operation : new SendOperation();

    public void Succeed(in RecordMetadata metadata)
    {
        Activity?.Dispose();
        _core.SetResult(metadata);
    }

    public void Fail(Exception error)
    {
        Activity?.SetStatus(ActivityStatusCode.Error, error.Message);
        Activity?.Dispose();
        _core.SetException(error);
    }

    /// <summary>Gives back an operation whose record was never taken.</summary>
    public void Return()
    {
        _core.Reset();
        Next = null;
        Activity = null;
        if (Idle.Count < IdleCountMax)
        {
            Idle.Enqueue(this);
        }
    }

    RecordMetadata IValueTaskSource<RecordMetadata>.GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            if (token == _core.Version)
            {
                Return();
            }
        }
    }

    ValueTaskSourceStatus IValueTaskSource<RecordMetadata>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<RecordMetadata>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags) => _core.OnCompleted(continuation, state, token, flags);
}
