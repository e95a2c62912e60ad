using System.Diagnostics;
using Broker.Records;
using Broker.Storage.Files;
using Broker.Storage.Workers;

namespace Broker.Storage.Journal;

/// <summary>
/// The one thread that makes decisions durable: it takes what is waiting, writes it as one group, syncs once, applies the
/// entries in order and publishes. No timer: while one sync runs, the next group gathers. <see cref="RunOnce"/> is one
/// such pass, so that a simulation can drive it without the thread.
/// </summary>
internal sealed class GroupCommitter : IDisposable
{
    /// <summary>After this long without a group, a mark says that everything written is durable.</summary>
    public static readonly TimeSpan MarkDelay = TimeSpan.FromMilliseconds(50);

    private static readonly TimeSpan SpaceRetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly object _gate = new();
    private readonly JournalWriter _writer;
    private readonly LsnProgress _progress;
    private readonly StorageMetrics _metrics;
    private readonly IWorkers _workers;
    private readonly CancellationTokenSource _stopSignal = new();
    private List<JournalEntry> _waiting = new(1024);
    private List<JournalEntry> _taken = new(1024);
    private int _appliedTo;
    private int _writtenTo;
    private long _markedUpTo;
    private bool _idle;
    private bool _stopping;
    private bool _outOfSpace;
    private Thread? _thread;

    public GroupCommitter(JournalWriter writer, LsnProgress progress, StorageMetrics metrics, IWorkers workers)
    {
        _writer = writer;
        _progress = progress;
        _metrics = metrics;
        _workers = workers;
        _markedUpTo = writer.DurableUpTo;
    }

    /// <summary>Called on the journal's thread after each group became visible.</summary>
    public Action? GroupVisible { get; set; }

    /// <summary>Called when accepted records find no room in their segment, at each try.</summary>
    public Action? OutOfSpace { get; set; }

    /// <summary>When set, no group is begun while it returns false: the journal's tail has reached its limit.</summary>
    public Func<bool>? MayWrite { get; set; }

    /// <summary>True while an accepted write waits for disk space.</summary>
    public bool IsOutOfSpace => Volatile.Read(ref _outOfSpace);

    public JournalWriter Writer => _writer;

    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "journal" };
        _thread.Start();
    }

    /// <summary>Hands over one entry. Calls come in LSN order: the caller holds the sequencer's lock.</summary>
    public void Enqueue(JournalEntry entry)
    {
        lock (_gate)
        {
            _waiting.Add(entry);
            if (_idle)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Hands over entries that count only together.</summary>
    public void Enqueue(List<JournalEntry> entries)
    {
        Invariant.Check(entries.Count > 0 && !entries[^1].IsContinued);
        lock (_gate)
        {
            _waiting.AddRange(entries);
            if (_idle)
            {
                Monitor.Pulse(_gate);
            }
        }
    }

    /// <summary>Wakes the thread when <see cref="MayWrite"/> may have changed.</summary>
    public void Wake()
    {
        lock (_gate)
        {
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Writes, syncs, applies and publishes one group.</summary>
    /// <returns>False when nothing was waiting, or it may not be written now.</returns>
    /// <exception cref="StorageException">Something has failed, here or elsewhere: nothing is accepted any more.</exception>
    public bool RunOnce()
    {
        if (_progress.Failure is { } failure)
        {
            throw new StorageException(failure.Message, failure);
        }

        if (!Take())
        {
            return false;
        }

        WriteGroup();
#if BROKER_MUTANTS
        if (Mutant.Is("visible-before-apply"))
        {
            _progress.AdvanceVisible(_taken[_writtenTo - 1].Lsn);
        }
#endif
        int first = _appliedTo;
        for (; _appliedTo < _writtenTo; _appliedTo++)
        {
            ApplyWaitingForSpace(_taken[_appliedTo]);
        }

        for (int i = first; i < _writtenTo; i++)
        {
            _taken[i].Publish();
        }

        _progress.AdvanceVisible(_taken[_writtenTo - 1].Lsn);
        for (int i = first; i < _writtenTo; i++)
        {
            _taken[i].Completed();
        }

        GroupVisible?.Invoke();
        return true;
    }

    /// <summary>Writes and syncs a mark if something durable has none yet.</summary>
    public void MarkIfDue()
    {
        if (_markedUpTo < _writer.DurableUpTo)
        {
            _writer.WriteMark();
            Sync();
            _markedUpTo = _writer.DurableUpTo;
        }
    }

    /// <summary>Writes and syncs a few marks; only before <see cref="Start"/>.</summary>
    /// <returns>The median time of a sync.</returns>
    public TimeSpan MeasureSync()
    {
        var times = new TimeSpan[5];
        for (int i = 0; i < times.Length; i++)
        {
            _writer.WriteMark();
            long started = Stopwatch.GetTimestamp();
            _writer.Sync();
            times[i] = Stopwatch.GetElapsedTime(started);
        }

        Array.Sort(times);
        return times[times.Length / 2];
    }

    /// <summary>Ends waiting for space: what there is no room for fails, and nothing is written behind it.</summary>
    public void StopWaiting()
    {
        _stopSignal.Cancel();
        _writer.StopWaiting();
    }

    /// <summary>Finishes what was handed over, marks it and ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_stopping)
            {
                return;
            }

            _stopping = true;
            Monitor.Pulse(_gate);
        }

        StopWaiting();
        _thread?.Join();
        _writer.Dispose();
        _stopSignal.Dispose();
    }

    private void Run()
    {
        try
        {
            while (WaitForWork())
            {
                while (RunOnce())
                {
                }
            }

            MarkIfDue();
        }
        catch (Exception e)
        {
            // Final: after a failed write or sync nobody knows what the device holds. The owner ends the process.
            _progress.Fail(e);
        }
    }

    /// <returns>False when it is time to end.</returns>
    private bool WaitForWork()
    {
        bool markNow = false;
        lock (_gate)
        {
            while (!HasWorkLocked())
            {
                if (_stopping)
                {
                    return false;
                }

                bool markDue = _markedUpTo < _writer.DurableUpTo;
                _idle = true;
                bool woken = Monitor.Wait(_gate, markDue ? MarkDelay : Timeout.InfiniteTimeSpan);
                _idle = false;
                if (!woken && markDue)
                {
                    markNow = true;
                    break;
                }
            }
        }

        if (markNow)
        {
            MarkIfDue();
        }

        return true;
    }

    private bool HasWorkLocked() =>
        (_waiting.Count > 0 || _writtenTo < _taken.Count) && (_stopping || MayWrite is not { } mayWrite || mayWrite());

    /// <summary>Has something to write in <see cref="_taken"/>.</summary>
    /// <returns>False when nothing waits, or it may not be written now.</returns>
    private bool Take()
    {
        lock (_gate)
        {
            if (!HasWorkLocked())
            {
                return false;
            }

            if (_writtenTo == _taken.Count)
            {
                _taken.Clear();
                _appliedTo = 0;
                _writtenTo = 0;
                (_waiting, _taken) = (_taken, _waiting);
            }
        }

        return true;
    }

    private void Sync()
    {
        _metrics.SyncBegins();
        _writer.Sync();
        _metrics.Synced();
    }

#if BROKER_MUTANTS
    private void PublishEarly(int first, int count)
    {
        for (int i = first; i < first + count; i++)
        {
            _taken[i].Apply();
            _taken[i].Publish();
        }
    }
#endif

    /// <summary>Makes as many entries durable as one group takes, more when they count only together; they are to be applied.</summary>
    private void WriteGroup()
    {
        int first = _writtenTo;
        int next = first;
        do
        {
            next += WriteAndSync(next);
        }
        while (_taken[next - 1].IsContinued);

        _writtenTo = next;
        _metrics.GroupWritten(next - first);
    }

    /// <returns>How many entries were made durable.</returns>
    private int WriteAndSync(int first)
    {
        int count = _writer.Write(_taken, first);
        _progress.AdvanceWritten(_writer.WrittenUpTo);
#if BROKER_MUTANTS
        if (Mutant.Is("visible-before-sync"))
        {
            PublishEarly(first, count);
        }

        if (Mutant.Is("visible-before-sync"))
        {
            _progress.AdvanceVisible(_taken[first + count - 1].Lsn);
        }

        // A topic that is acked before it exists would be found without any fault: this is about records (kind 1).
        int appends = _taken.GetRange(first, count).TakeWhile(entry => entry.Kind == 1).Count();
        if (Mutant.Is("ack-before-sync") && appends > 0)
        {
            _progress.AdvanceVisible(_taken[first + appends - 1].Lsn);
        }
#endif
        Sync();
        return count;
    }

    private void ApplyWaitingForSpace(JournalEntry entry)
    {
        while (true)
        {
            try
            {
                entry.Apply();
                Volatile.Write(ref _outOfSpace, false);
                return;
            }
            catch (DiskException e) when (e.MayPass && !_stopSignal.IsCancellationRequested)
            {
                // The entry is durable in the journal. Records wait until there is room for their place in the log.
                Volatile.Write(ref _outOfSpace, true);
                if (e.IsOutOfSpace)
                {
                    _writer.NoteShortOfSpace();
                    OutOfSpace?.Invoke();
                }

                DecideWithoutSpace();
                _workers.Pause(SpaceRetryDelay, _stopSignal.Token);
            }
        }
    }

    /// <summary>
    /// Carries out what was decided behind records that wait for space: a retention, a trim or a deletion is what gives it
    /// back. Their entries need none, as long as a journal file is ready.
    /// </summary>
    private void DecideWithoutSpace()
    {
        while (TakeMore() && _writer.HasRoomFor(_taken, _writtenTo))
        {
            WriteGroup();
        }

        for (int i = _appliedTo + 1; i < _writtenTo; i++)
        {
            _taken[i].ApplyAhead();
        }
    }

    /// <returns>False when nothing waits to be written.</returns>
    private bool TakeMore()
    {
        lock (_gate)
        {
            if (HasWorkLocked())
            {
                _taken.AddRange(_waiting);
                _waiting.Clear();
            }
        }

        return _writtenTo < _taken.Count;
    }
}
