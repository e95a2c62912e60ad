using Broker.Storage;
using Broker.Storage.Files;
using Broker.Storage.Workers;

namespace Broker.Engine.State;

/// <summary>
/// Keeps the state store level with the snapshot log, by a worker. It begins when somebody waits for it, or when it is told to:
/// binding and opening RocksDB takes as much of a core as the rest of a start, and nothing needs it then as long as the
/// snapshot log is whole.
/// </summary>
internal sealed class StateCopy : IDisposable
{
    private static readonly TimeSpan SpaceRetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly IStateStore _store;
    private readonly EngineNotes _notes;
    private readonly IWorkers _workers;
    private readonly IWorker _worker;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();

    // What was posted before the beginning; null from then on.
    private List<Action>? _held = [];
    private int _outstanding;
    private Exception? _failure;
    private bool _disposed;

    public StateCopy(IStateStore store, EngineNotes notes, IWorkers workers)
    {
        _store = store;
        _notes = notes;
        _workers = workers;
        _worker = workers.Start("state copy");
    }

    /// <summary>Called when there is no room for what was handed over, at each try.</summary>
    public Action? OutOfSpace { get; set; }

    /// <summary>Carries out what was handed over, and from now on does so at once.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            foreach (Action work in _held ?? [])
            {
                _worker.Post(work);
            }

            _held = null;
        }
    }

    /// <summary>Everything in the store, once it is open; null when there is nothing, or it cannot be read.</summary>
    public StoredState? Load()
    {
        StoredState? state = null;
        Post(() =>
        {
            state = _store.Load(out string? problem);
            Note(problem);
        });
        WaitIdle();
        return state;
    }

    /// <summary>Says what the store has to hold now; it is made again when it holds anything else. The state is disposed then.</summary>
    public void MakeEqualTo(StoredState state)
    {
        long wanted = state.IsEmpty ? -1 : state.Checkpoint.Position.Lsn;
        Post(() =>
        {
            Checkpoint? held = _store.ReadCheckpoint(out string? problem);
            Note(problem);
            long found = held?.Position.Lsn ?? -1;
            if (found == wanted && problem is null)
            {
                return;
            }

            if (problem is null)
            {
                _notes.Add($"RocksDB was {(found < 0 ? "missing" : $"at entry {found}")}, the state at entry {wanted}: RocksDB was made again.");
            }

            _store.Replace(state);
        }, state);
    }

    /// <summary>Hands over the next checkpoint. The changes are disposed when they are written.</summary>
    public void Write(StateChanges changes) => Post(() => _store.Write(changes), changes);

    /// <summary>Waits until everything handed over so far is durable.</summary>
    /// <exception cref="DiskException">There was no room, and nobody waits for it any more.</exception>
    /// <exception cref="StorageException">The store failed; final.</exception>
    public void WaitIdle()
    {
        Begin();
        _worker.WaitUntil(() => Volatile.Read(ref _outstanding) == 0);
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw failure is DiskException { MayPass: true } ? failure : new StorageException("RocksDB failed: " + failure.Message, failure);
        }
    }

    /// <summary>Ends waiting for space.</summary>
    public void StopWaiting() => _stop.Cancel();

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            _worker.Dispose();
            _store.Dispose();
        }
    }

    private void Note(string? problem)
    {
        if (problem is not null)
        {
            _notes.Add($"RocksDB could not be read and is made again: {problem}");
        }
    }

    private void Post(Action work, IDisposable? content = null)
    {
        Interlocked.Increment(ref _outstanding);
        lock (_gate)
        {
            if (_held is not null)
            {
                _held.Add(() => Do(work, content));
                return;
            }

            _worker.Post(() => Do(work, content));
        }
    }

    private void Do(Action work, IDisposable? content)
    {
        try
        {
            while (_failure is null)
            {
                try
                {
                    work();
                    break;
                }
                catch (DiskException e) when (e.MayPass && !_stop.IsCancellationRequested)
                {
                    // The journal is not freed meanwhile.
                    if (e.IsOutOfSpace)
                    {
                        OutOfSpace?.Invoke();
                    }

                    _workers.Pause(SpaceRetryDelay, _stop.Token);
                }
            }
        }
        catch (Exception e)
        {
            Volatile.Write(ref _failure, e);
        }
        finally
        {
            content?.Dispose();
        }

        Interlocked.Decrement(ref _outstanding);
    }
}
