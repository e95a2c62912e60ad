using Broker.Engine.State;
using Broker.Storage;
using Broker.Storage.Journal;

namespace Broker.Engine;

/// <summary>Runs checkpoints when the journal's tail has grown to its limit, one at a time.</summary>
internal sealed class CheckpointThread : IDisposable
{
    private readonly Checkpointer _checkpointer;
    private readonly GroupCommitter _committer;
    private readonly LsnProgress _progress;
    private readonly long _replayBytesMax;
    private readonly AutoResetEvent _wanted = new(initialState: false);
    private readonly Thread _thread;
    private long _checkpointedBytes;
    private volatile bool _stopping;
    private int _running;

    public CheckpointThread(Checkpointer checkpointer, GroupCommitter committer, LsnProgress progress, long replayBytesMax)
    {
        _checkpointer = checkpointer;
        _committer = committer;
        _progress = progress;
        _replayBytesMax = replayBytesMax;
        _thread = new Thread(Run) { IsBackground = true, Name = "checkpoint" };
    }

    /// <summary>Journal bytes that recovery would read now.</summary>
    public long TailBytes => _committer.Writer.BytesWritten - Interlocked.Read(ref _checkpointedBytes);

    /// <summary>False when the tail is so long that writes have to wait for a checkpoint.</summary>
    public bool MayWrite => TailBytes < 2 * _replayBytesMax;

    public void Start() => _thread.Start();

    /// <summary>Called after each group.</summary>
    public void StartIfDue()
    {
        if (TailBytes >= _replayBytesMax && Interlocked.CompareExchange(ref _running, 1, 0) == 0)
        {
            _wanted.Set();
        }
    }

    public void Dispose()
    {
        _stopping = true;
        _checkpointer.Dispose();
        _wanted.Set();
        if (_thread.IsAlive)
        {
            _thread.Join();
        }

        _wanted.Dispose();
    }

    private void Run()
    {
        while (true)
        {
            _wanted.WaitOne();
            if (_stopping)
            {
                return;
            }

            try
            {
                RunOne();
            }
            catch (Exception e)
            {
                _progress.Fail(e);
                return;
            }
        }
    }

    private void RunOne()
    {
        CheckpointWork? work = null;
        JournalPosition position = default;
        long bytes = 0;
        using var captured = new ManualResetEventSlim();
        _committer.RunBetweenGroups(() =>
        {
            position = _committer.Writer.Position;
            bytes = _committer.Writer.BytesWritten;
            work = _checkpointer.Capture(position);
            captured.Set();
        });
        while (!captured.Wait(TimeSpan.FromMilliseconds(100)))
        {
            if (_progress.Failure is not null || _stopping)
            {
                return;
            }
        }

        _checkpointer.Complete(work!, position, waitForCopy: true);
        Interlocked.Exchange(ref _checkpointedBytes, bytes);
        Interlocked.Exchange(ref _running, 0);
        _committer.Wake();
    }
}
