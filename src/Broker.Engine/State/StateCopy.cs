using System.Collections.Concurrent;

namespace Broker.Engine.State;

/// <summary>
/// Keeps the state store level with the snapshot log, on a thread of its own: opening RocksDB takes longer than the rest of
/// a start, and nothing waits for it as long as the snapshot log is whole.
/// </summary>
internal sealed class StateCopy : IDisposable
{
    private readonly IStateStore _store;
    private readonly EngineNotes _notes;
    private readonly BlockingCollection<Action> _work = [];
    private readonly ManualResetEventSlim _idle = new(initialState: false);
    private readonly Thread _thread;
    private int _outstanding = 1;
    private Exception? _failure;

    public StateCopy(IStateStore store, EngineNotes notes)
    {
        _store = store;
        _notes = notes;
        _thread = new Thread(Run) { IsBackground = true, Name = "state copy" };
        _thread.Start();
    }

    /// <summary>Everything in the store, once it is open; null when there is nothing, or it cannot be read.</summary>
    public StoredState? Load()
    {
        StoredState? state = null;
        Enqueue(() =>
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
        Enqueue(() =>
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

    public void Write(IReadOnlyList<StateChange> changes) => Enqueue(() => _store.Write(changes));

    /// <summary>Waits until everything handed over so far is durable.</summary>
    /// <exception cref="Storage.StorageException">The store failed; final.</exception>
    public void WaitIdle()
    {
        _idle.Wait();
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw new Storage.StorageException("RocksDB failed: " + failure.Message, failure);
        }
    }

    public void Dispose()
    {
        if (!_work.IsAddingCompleted)
        {
            _work.CompleteAdding();
            _thread.Join();
            _store.Dispose();
            _work.Dispose();
            _idle.Dispose();
        }
    }

    private void Note(string? problem)
    {
        if (problem is not null)
        {
            _notes.Add($"RocksDB could not be read and is made again: {problem}");
        }
    }

    private void Enqueue(Action work)
    {
        lock (_work)
        {
            _outstanding++;
            _idle.Reset();
        }

        _work.Add(work);
    }

    private void Run()
    {
        // The native library is loaded and bound while the journal is read.
        Do(() => _store.Warm());
        foreach (Action work in _work.GetConsumingEnumerable())
        {
            Do(work);
        }
    }

    private void Do(Action work)
    {
        try
        {
            if (_failure is null)
            {
                work();
            }
        }
        catch (Exception e)
        {
            Volatile.Write(ref _failure, e);
        }

        lock (_work)
        {
            if (--_outstanding == 0)
            {
                _idle.Set();
            }
        }
    }
}
