using Broker.Engine;
using Broker.Engine.Offsets;
using Broker.Engine.Producers;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Records;
using Broker.Simulation.Schedule;

namespace Broker.Simulation;

/// <summary>Transactions cut off at every call to the disk, and against clocks that are set.</summary>
public sealed class TransactionTests
{
    private const int Batches = 24, BatchBytes = 2_000;

    /// <summary>What the test stages is three times the budget for memory, and longer than a journal file.</summary>
    private static EngineOptions Options => SimulationRun.Options with { StagingMemoryBytes = Batches * BatchBytes / 3, JournalFileBytes = 32 << 10 };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(8)]
    public void A_commit_that_is_cut_off_anywhere_is_there_whole_or_not_at_all(int partitions)
    {
        int cuts = 0, whole = 0;
        for (bool isCut = true; isCut; cuts++)
        {
            var machine = new SteppedMachine(seed: (ulong)cuts + 1);
            TransactionKey key = StageAll(machine, partitions);
            machine.Disk.CrashIn = cuts + 1;
            isCut = !TryCommit(machine, key, partitions);
            End(machine, isKilled: cuts % 2 == 0);

            machine.Start(Options);
            whole += IsWhole(machine, key, partitions) ? 1 : 0;
            machine.Engine.Abandon();
        }

        // Before the last frame is synced it is nothing, behind that it is whole: both were met, at many places.
        Assert.InRange(cuts, 20, 2_000);
        Assert.InRange(whole, 2, cuts - 10);
    }

    [Fact]
    public void A_transaction_ends_by_the_monotonic_clock_whatever_the_one_on_the_wall_says()
    {
        var machine = new SteppedMachine(seed: 1);
        TransactionKey ahead = StageAll(machine, partitions: 1, TimeSpan.FromSeconds(60));
        machine.Time.SetWallClock(TimeSpan.FromHours(1));
        machine.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal(1, machine.Engine.Status.Transactions.OpenCount);
        Assert.True(TryCommit(machine, ahead, partitions: 1));

        TransactionKey behind = Stage(machine, ahead with { Number = 2 }, partitions: 1, TimeSpan.FromSeconds(60));
        machine.Time.SetWallClock(TimeSpan.FromHours(-2));
        machine.Time.Advance(TimeSpan.FromSeconds(61));
        Assert.Equal(0, machine.Engine.Status.Transactions.OpenCount);
        BrokerException refused = Assert.Throws<BrokerException>(() => { Commit(machine, behind, partitions: 1); });
        Assert.Equal(BrokerError.TransactionAborted, refused.Error);
    }

    /// <summary>The newest commit alone is remembered: what was before it may have been committed too, and nobody may be told that it was not.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_committed_transaction_is_never_said_to_be_aborted_also_when_a_later_one_was_committed(bool isRestarted)
    {
        var machine = new SteppedMachine(seed: 1);
        TransactionKey first = StageAll(machine, partitions: 1);
        Assert.True(TryCommit(machine, first, partitions: 1));
        TransactionKey second = Stage(machine, first with { Number = 2 }, partitions: 1, TimeSpan.FromSeconds(60));
        Assert.True(TryCommit(machine, second, partitions: 1));
        if (isRestarted)
        {
            End(machine, isKilled: true);
            machine.Start(Options);
        }

        BrokerError Error(Action call) => Assert.Throws<BrokerException>(call).Error;
        Assert.Equal(BrokerError.InvalidTransactionState, Error(() => machine.Engine.Sequencer.Transactions.Outcome(first)));
        Assert.Equal(BrokerError.InvalidTransactionState, Error(() => machine.Engine.AbortTransaction(first)));
        Assert.Equal(BrokerError.InvalidTransactionState, Error(() => Commit(machine, first, partitions: 1)));
        Assert.NotNull(machine.Engine.Sequencer.Transactions.Outcome(second).Outcome);
        Assert.Null(machine.Engine.Sequencer.Transactions.Outcome(second with { Number = 3 }).Outcome);
    }

    [Fact]
    public void A_transaction_of_which_nothing_came_before_the_next_began_is_aborted()
    {
        var machine = new SteppedMachine(seed: 1);
        TransactionKey first = StageAll(machine, partitions: 1) with { Number = 2 };
        TransactionKey next = Stage(machine, first with { Number = 3 }, partitions: 1, TimeSpan.FromSeconds(60));
        Assert.Equal(BrokerError.TransactionAborted, Send(machine, first, 0, sequence: 0, TimeSpan.FromSeconds(60)).Error);
        Assert.Equal(BrokerError.TransactionAborted, Assert.Throws<BrokerException>(() => { Commit(machine, first, partitions: 1); }).Error);
        Assert.True(TryCommit(machine, next, partitions: 1));
    }

    [Fact]
    public void One_whose_connection_is_lost_has_ten_seconds_to_come_back()
    {
        var machine = new SteppedMachine(seed: 1);
        TransactionKey key = StageAll(machine, partitions: 1, TimeSpan.FromMinutes(10));
        machine.Engine.NoteTransactionLost(key.ProducerId, key.Number);
        machine.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.True(Send(machine, key, 0, sequence: 0, TimeSpan.FromMinutes(10)).Duplicate);
        machine.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(1, machine.Engine.Status.Transactions.OpenCount);

        machine.Engine.NoteTransactionLost(key.ProducerId, key.Number);
        machine.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal((0, 0L), (machine.Engine.Status.Transactions.OpenCount, machine.Engine.Status.Transactions.StagedBytes));
        Assert.DoesNotContain(machine.Disk.AllFiles, path => path.EndsWith(".staging", StringComparison.Ordinal));
    }

    private static TransactionKey StageAll(SteppedMachine machine, int partitions, TimeSpan? timeout = null)
    {
        machine.Start(Options);
        machine.Engine.Sequencer.CreateTopic("t", partitions, new Dictionary<string, string>());
        machine.Commit();
        ProducerIdentity producer = machine.Engine.Sequencer.Producers.Open("p", "").Producer.Identity;
        machine.Commit();
        var key = new TransactionKey(machine.Engine.Incarnation, producer.Id, producer.Epoch, Number: 1);
        return Stage(machine, key, partitions, timeout ?? TimeSpan.FromSeconds(60));
    }

    private static TransactionKey Stage(SteppedMachine machine, TransactionKey key, int partitions, TimeSpan timeout)
    {
        for (int i = 0; i < Batches; i++)
        {
            Assert.Equal(BrokerError.None, Send(machine, key, i % partitions, sequence: i / partitions, timeout).Error);
        }

        return key;
    }

    private static AppendDecision Send(SteppedMachine machine, TransactionKey key, int partition, long sequence, TimeSpan timeout)
    {
        PartitionHandle handle = machine.Engine.FindTopic("t")!.Partitions[partition];
        using var writer = new BatchWriter(Codec.None);
        writer.Append(1000, OptionalBytes.Null, machine.Chance.Bytes(BatchBytes), []);
        PooledBuffer batch = writer.Finish(handle.TopicId, partition, key.ProducerId, key.Epoch, sequence, isTransactional: true);
        AppendDecision decision = machine.Engine.Stage(handle, batch.Span, new TransactionContext(key.Incarnation, key.Number, timeout));
        batch.Release();
        return decision;
    }

    private static TransactionOutcome Commit(SteppedMachine machine, TransactionKey key, int partitions)
    {
        PartitionHandle[] handles = [.. machine.Engine.FindTopic("t")!.Partitions];
        ManifestPartition[] manifest =
        [
            .. handles.Select((handle, at) => (handle, Count: Enumerable.Range(0, Batches).Count(i => i % partitions == at)))
                .Select(sent => new ManifestPartition(sent.handle.TopicId, sent.handle.Partition, sent.Count, sent.Count)),
        ];
        OffsetCommit[] offsets = [new("g", handles[0].TopicId, 0, handles[0].HighWatermark, "")];
        ValueTask<TransactionOutcome> committed = machine.Engine.Sequencer.Transactions.CommitAsync(
            key, manifest, offsets, (_, _) => ValueTask.CompletedTask, CancellationToken.None);
        TransactionOutcome outcome = committed.AsTask().GetAwaiter().GetResult();
        machine.Commit();
        return outcome;
    }

    /// <returns>False when the process ended meanwhile.</returns>
    private static bool TryCommit(SteppedMachine machine, TransactionKey key, int partitions)
    {
        try
        {
            Commit(machine, key, partitions);
            return !machine.Disk.IsCrashed;
        }
        catch (Exception e) when (machine.Disk.IsCrashed && e is not Xunit.Sdk.XunitException)
        {
            return false;
        }
    }

    private static void End(SteppedMachine machine, bool isKilled)
    {
        if (isKilled)
        {
            machine.Kill();
        }
        else
        {
            machine.CutPower();
        }

        machine.Disk.Calm();
    }

    private static bool IsWhole(SteppedMachine machine, TransactionKey key, int partitions)
    {
        long records = machine.Engine.FindTopic("t")!.Partitions.Sum(partition => partition.HighWatermark);
        bool hasOffset = machine.Engine.Sequencer.Offsets.Fetch("g").Offsets.Count == 1;
        (TransactionOutcome? outcome, _) = machine.Engine.Sequencer.Transactions.Outcome(key);
        Assert.True(records is 0 or Batches, $"{records} of {Batches} records are there.");
        Assert.Equal((records == Batches, records == Batches), (hasOffset, outcome is not null));
        if (outcome is not null)
        {
            Assert.Equal(
                Enumerable.Range(0, partitions).Select(p => (p, 0L, machine.Engine.FindTopic("t")!.Partitions[p].HighWatermark)),
                outcome.Partitions.Select(place => (place.Partition, place.BaseOffset, place.RecordCount)));
        }

        return outcome is not null;
    }
}
