using Broker.Client.Testing.Disk;
using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Simulation.Disk;
using Broker.Simulation.Model;
using Broker.Simulation.Schedule;
using Broker.Storage;
using Broker.Storage.Journal;

namespace Broker.Simulation;

/// <summary>
/// One seed: an engine that lives on a simulated disk through appends, trims, changes of topics, restarts and crashes, all
/// of it on one thread and decided by the seed. Others run nested in a disk call, never where a lock is held.
/// </summary>
internal sealed class SimulationRun
{
    public const string Root = "/data";

    private const int NestedMax = 3;
    private const int RecoveryCrashesMax = 4;

    private readonly Chance _chance;
    private readonly Trace _trace;
    private readonly SimulatedDisk _disk;
    private readonly StateStoreMedium _store = new();
    private readonly SimulatedTime _time = new();
    private readonly BrokerModel _model = new();
    private readonly SimulatedClient _client;
    private readonly SeedResult _result;
    private SimulatedWorkers _workers;
    private BrokerEngine? _engine;
    private bool _journalIsBusy;
    private bool _clientIsBusy;
    private bool _isClosing;
    private int _nested;
    private long _incarnation;
    private ulong _ids;

    private SimulationRun(ulong seed, TextWriter? output)
    {
        _chance = new Chance(seed);
        _trace = new Trace(output);

        _disk = new SimulatedDisk(_chance, _trace) { Interleave = Interleave, IsProcessLimited = seed % 3 == 0 };
        _workers = new SimulatedWorkers(_disk);
        _result = new SeedResult { Seed = seed };
        _client = new SimulatedClient(_chance, _trace, _time, _disk, _model, _result);
    }

    public static SeedResult Run(ulong seed, TextWriter? output = null)
    {
        var run = new SimulationRun(seed, output);
        try
        {
            run.Live();
        }
        catch (Exception e)
        {
            string what = e is Violation ? e.Message : e.ToString();
            run._result.Failure = what + "\n  " + string.Join("\n  ", run._trace.Last);
        }
        finally
        {
            run._engine?.Abandon();
        }

        run._result.TraceHash = run._trace.Hash;
        return run._result;
    }

    public static EngineOptions Options => new()
    {
        DataDirectory = Root,
        JournalFileBytes = 32 << 10,
        JournalReplayBytesMax = 96 << 10,
        RecycleBytesMax = 64 << 10,
        SnapshotRewriteBytesMin = 4 << 10,
        ReserveBytes = 0,
        ProducerWindowBatches = 4,
        ProducersMax = 6,
        TransactionBytesMax = 80 << 10,
        StagingMemoryBytes = 4 << 10,
        StagingBytesMax = 120 << 10,
        TopicDefaults = TopicSettings.Default with { SegmentBytes = 8 << 10, IndexIntervalBytes = 1024, RetentionMs = TopicSettings.Unlimited },
    };

    private void Live()
    {
        Open(maySuffer: false);
        int operations = _chance.Between(200, 320);
        int crashAt = _chance.Between(20, 100);
        int trialAt = _chance.Percent(40) ? _chance.Below(operations) : -1;
        while (_result.Operations < operations)
        {
            if (_result.Operations >= crashAt && _disk.CrashIn == 0)
            {
                crashAt += _chance.Between(40, 140);
                Arm();
            }

            Guarded(Step);
            if (_result.Operations >= trialAt && trialAt >= 0)
            {
                trialAt = -1;
                Guarded(TryDamage);
            }
        }

        while (_result.Crashes < 2 || _result.CrashesInRecovery < 1)
        {
            Crash();
        }

        _disk.Calm();
        Restart(maySuffer: false);
        Restart(maySuffer: false);
        Close();
        Checks.Expect(_engine is null, $"The broker did not stop: {_engine?.Progress.Failure}");
        Leftovers.Check(_disk, _store, _client.SegmentPaths, _model);
        Checks.Expect(
            _result.Operations >= 200 && _result.Crashes >= 2 && _result.CrashesInRecovery >= 1 && _result.PartitionsMost >= 3,
            $"Too little was done to show anything: {_result.Operations} operations on {_result.PartitionsMost} partitions, "
            + $"{_result.Crashes} crashes, {_result.CrashesInRecovery} in recovery.");
    }

    private void Arm()
    {
        if (_chance.Percent(15))
        {
            _disk.FailSyncIn = _chance.Between(1, 30);
        }
        else
        {
            _disk.CrashIn = _chance.Between(1, 120);
        }
    }

    /// <summary>Does something that a crash may interrupt, and brings the broker back when one did.</summary>
    private void Guarded(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is not Violation && (_disk.IsCrashed || _disk.SyncHasFailed))
        {
            // A sync that fails while the broker stops ends the process.
            _engine!.Progress.Fail(e);
        }

        Checks.Expect(_disk.Broken is null, _disk.Broken ?? "");
        bool failed = _engine!.Progress.Failure is not null;
        if (failed && !_disk.IsCrashed)
        {
            Checks.Expect(_disk.SyncHasFailed, $"The journal failed: {_engine.Progress.Failure}");
            _result.FailedSyncs++;
            _client.IsRefusedAfterFailure(_engine);
        }

        if (_disk.IsCrashed || failed)
        {
            Crash();
            return;
        }

        _model.Saw(_engine.Progress.VisibleLsn);
    }

    private void Step()
    {
        int what = _chance.Below(100);
        if (what < 60)
        {
            ActAsClient();
        }
        else if (what < 61)
        {
            _trace.Add("restart", "", 0, 0);
            _result.Operations++;
            Restart(maySuffer: true);
        }
        else
        {
            RunSomething();
        }
    }

    private void Interleave()
    {
        if (_nested >= NestedMax || !_chance.Percent(12))
        {
            return;
        }

        _nested++;
        try
        {
            if (_engine is not null && !_clientIsBusy && !_isClosing && _chance.Percent(40))
            {
                ActAsClient();
            }
            else
            {
                RunSomething();
            }
        }
        finally
        {
            _nested--;
        }
    }

    private void ActAsClient()
    {
        _clientIsBusy = true;
        _model.Saw(_engine!.Progress.VisibleLsn);
        try
        {
            _client.Act(_engine!);
        }
        finally
        {
            _clientIsBusy = false;
        }
    }

    /// <summary>The journal or a worker, as far as one can go on; a worker that waits for another below it cannot.</summary>
    private bool RunSomething()
    {
        List<SimulatedWorker> workers = _workers.Runnable();
        int journal = JournalMayRun() ? Math.Max(1, 2 * workers.Count) : 0;
        if (workers.Count + journal == 0)
        {
            return false;
        }

        int pick = _chance.Below(workers.Count + journal);
        if (pick >= workers.Count)
        {
            return RunJournal();
        }

        workers[pick].RunNext();
        return true;
    }

    private bool JournalMayRun() =>
        _engine is not null && !_journalIsBusy && _engine.Progress.Failure is null
        && (!_workers.IsBusy("journal files") || _engine.Parts.JournalFiles.IsNextDecided);

    private bool RunJournal()
    {
        _journalIsBusy = true;
        GroupCommitter committer = _engine!.Parts.Committer;
        try
        {
            if (committer.RunOnce())
            {
                return true;
            }

            if (_chance.Percent(30))
            {
                committer.MarkIfDue();
            }

            return false;
        }
        catch (Exception e) when (e is not Violation && !_disk.IsCrashed)
        {
            _engine.Progress.Fail(e);
            return false;
        }
        finally
        {
            _journalIsBusy = false;
        }
    }

    private void Settle()
    {
        while (_engine!.Progress.Failure is null && (RunJournal() || _workers.Runnable() is [{ } first, ..] && Run(first)))
        {
        }

        if (_engine.Progress.Failure is null)
        {
            _journalIsBusy = true;
            try
            {
                _engine.Parts.Committer.MarkIfDue();
            }
            finally
            {
                _journalIsBusy = false;
            }
        }

        static bool Run(SimulatedWorker worker)
        {
            worker.RunNext();
            return true;
        }
    }

    private void Restart(bool maySuffer)
    {
        Close();
        if (_engine is null)
        {
            _client.Forget();
            _disk.EndProcess();
            Open(maySuffer);
        }
    }

    private void Close()
    {
        _client.LetGo();
        _isClosing = true;
        try
        {
            Stop();
        }
        finally
        {
            _isClosing = false;
        }
    }

    private void Stop()
    {
        _engine!.Sequencer.Stop();
        Settle();
        if (_engine.Progress.Failure is not null)
        {
            return;
        }

        long lsn = _engine.Progress.VisibleLsn;
        _model.Saw(lsn);
        _client.NoteSegments(_engine);
        _engine.Close();
        _disk.ThrowIfCrashed();
        if (_engine.Progress.Failure is null)
        {
            _result.Checkpoints += (int)_engine.Status.CheckpointCount;
            _engine = null;
            _time.DropTimers();
        }
    }

    private void Crash()
    {
        _result.Crashes++;
        _result.InterruptedCheckpoints += _workers.EndedWithin("checkpoint") ? 1 : 0;
        long written = 0;
        if (_engine is { } engine)
        {
            _model.Saw(engine.Progress.VisibleLsn);
            written = engine.Progress.WrittenLsn;
            _result.Checkpoints += (int)engine.Status.CheckpointCount;
            engine.Abandon();
            _engine = null;
        }

        bool cacheIsWhole = !_disk.SyncHasFailed;
        bool isKill = EndMachineOrProcess();
        Open(maySuffer: true, inPageCache: isKill && cacheIsWhole ? written : 0);
    }

    /// <returns>Whether only the process ended.</returns>
    private bool EndMachineOrProcess()
    {
        _client.Forget();
        _time.DropTimers();
        bool isKill = _chance.Percent(30);
        _trace.Add(isKill ? "kill" : "power cut", "", _result.Crashes, _result.CrashesInRecovery);
        if (isKill)
        {
            _disk.EndProcess();
        }
        else
        {
            _result.PowerCuts++;
            _disk.CutPower();
            _store.CutPower(_chance);
        }

        return isKill;
    }

    /// <param name="inPageCache">Up to this entry everything was handed to the system: a process that ends does not lose it.</param>
    private void Open(bool maySuffer, long inPageCache = 0)
    {
        for (int attempt = 0; ; attempt++)
        {
            bool suffers = maySuffer && attempt < RecoveryCrashesMax && (_result.CrashesInRecovery == 0 || _chance.Percent(30));
            _disk.SyncHasFailed = false;
            if (suffers)
            {
                bool failSync = _chance.Percent(15);
                _disk.FailSyncIn = failSync ? _chance.Between(1, 15) : 0;
                _disk.CrashIn = failSync ? 0 : _chance.Between(1, 100);
            }

            _workers = new SimulatedWorkers(_disk);
            try
            {
                BrokerEngine engine = BrokerEngine.Open(Options, Environment());
                if (_disk.IsCrashed)
                {
                    engine.Abandon();
                    throw new SimulatedCrash();
                }

                _engine = engine;
                break;
            }
            catch (Exception e) when (e is not Violation && (_disk.IsCrashed || _disk.SyncHasFailed))
            {
                _trace.Add("failed in recovery", e.GetType().Name, attempt, 0);
                _result.CrashesInRecovery += _disk.IsCrashed ? 1 : 0;
                bool cacheIsWhole = !_disk.SyncHasFailed;
                inPageCache = EndMachineOrProcess() && cacheIsWhole ? inPageCache : 0;
            }
            catch (StorageException e)
            {
                throw new Violation("The broker refuses to start: " + e);
            }
        }

        _disk.Calm();
        TakeUp(_engine, inPageCache);
    }

    private void TakeUp(BrokerEngine engine, long inPageCache)
    {
        // Each start that came so far as to number itself has put one entry behind what the clients had sent.
        long end = engine.Progress.VisibleLsn - (engine.Incarnation - _incarnation);
        _trace.Add("open", "", end, engine.Incarnation);
        _result.TornTails += engine.Recovery.TornTail is null ? 0 : 1;
        _result.LostRenames = _disk.LostRenameCount;
        _result.RecycledFiles = _disk.RecycledCount;
        Checks.Expect(
            engine.Topics.SelectMany(t => t.Partitions).All(p => p.Damages.Count == 0), "A crash was taken for damage: " + string.Join(' ', engine.Notes.All));
        Checks.Expect(engine.Incarnation > _incarnation, $"Incarnation {engine.Incarnation} comes after {_incarnation}.");
        _incarnation = engine.Incarnation;
        Checks.Expect(end >= _model.MustSurvive, $"The broker came back at entry {end}; {_model.MustSurvive} was acked or visible.");
        Checks.Expect(end >= inPageCache, $"The broker came back at entry {end}; {inPageCache} was written, and only the process ended.");
        _model.Rollback(end);
        Checks.Everything(engine, _model);
        Checks.Offsets(engine, _model);
        _model.Saw(end + 1);
    }

    private void TryDamage()
    {
        _client.LetGo();
        Settle();
        if (_engine!.Progress.Failure is null && _engine.Progress.VisibleLsn == _engine.DecidedLsn)
        {
            _result.Quarantines += new DamageTrial(_chance, _trace, _engine, _disk, _store, _model).Run() ? 1 : 0;
        }
    }

    private EngineEnvironment Environment() => new()
    {
        Time = _time,
        Disk = _disk,
        Workers = _workers,
        StateStore = _ => new SimulatedStateStore(_store, _disk),
        NewId = _ => new Guid((int)++_ids, 7, 7, [.. BitConverter.GetBytes(_chance.Next())]),
        RunsJournal = false,
    };
}
