using Broker.Storage;
using Broker.Storage.Files;
using Broker.Storage.Workers;

namespace Broker.Engine.State;

/// <summary>
/// Keeps the state store level with the snapshot log, by a worker: opening RocksDB takes longer than the rest of
/// a start, and nothing waits for it as long as the snapshot log is whole.
/// </summary>
internal sealed class StateCopy : IDisposable
{
    private static readonly TimeSpan SpaceRetryDelay = TimeSpan.FromMilliseconds(200);

    private readonly IStateStore _store;
    private readonly EngineNotes _notes;
    private readonly IWorkers _workers;
    private readonly IWorker _worker;
    private readonly CancellationTokenSource _stop = new();
    private int _outstanding;
    private Exception? _failure;
    private bool _disposed;

    public StateCopy(IStateStore store, EngineNotes notes, IWorkers workers)
    {
        _store = store;
        _notes = notes;
        _workers = workers;
        _worker = workers.Start("state copy");

        // The native library is loaded and bound while the journal is read.
        Post(_store.Warm);
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

    /// <summary>Says what the store has to hold now; it is made again when it holds anything else.</summary>
    public void MakeEqualTo(StoredState state)
    {
        long wanted = state.Count == 0 ? -1 : state.Checkpoint.Position.Lsn;
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
        });
    }

    public void Write(IReadOnlyList<StateChange> changes) => Post(() => _store.Write(changes));

    /// <summary>Waits until everything handed over so far is durable.</summary>
    /// <exception cref="DiskException">There was no room, and nobody waits for it any more.</exception>
    /// <exception cref="StorageException">The store failed; final.</exception>
    public void WaitIdle()
    {
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

    private void Post(Action work)
    {
        Interlocked.Increment(ref _outstanding);
        _worker.Post(() => Do(work));
    }

    private void Do(Action work)
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
                    _workers.Pause(SpaceRetryDelay, _stop.Token);
                }
            }
        }
        catch (Exception e)
        {
            Volatile.Write(ref _failure, e);
        }

        Interlocked.Decrement(ref _outstanding);
    }
}
