using Broker.Engine.Producers;
using Broker.Engine.Topics;

namespace Broker.Tests.Engine;

/// <summary>The memory of producers and of what they wrote, against plain collections.</summary>
public sealed class ProducerTableTests
{
    [Fact]
    public void A_producer_is_found_by_its_id_until_it_is_forgotten()
    {
        var random = new Random(1);
        var table = new ProducerTable();
        var model = new SortedDictionary<long, ProducerState>();
        long id = 0;
        for (int step = 0; step < 20_000; step++)
        {
            if (random.Next(3) > 0 || model.Count == 0)
            {
                // Some numbers are never given.
                id += random.Next(1, 4);
                string? name = random.Next(10) == 0 ? $"name-{id}" : null;
                model.Add(id, table.Add(id, epoch: 0, name, clientId: ""));
            }
            else
            {
                long gone = random.NextInt64(id + 1);
                if (model.Remove(gone, out ProducerState? producer))
                {
                    table.Remove(producer, lsn: step);
                }
            }

            long asked = random.NextInt64(id + 2);
            Assert.Same(model.GetValueOrDefault(asked), table.Find(asked));
            Assert.Equal(model.Count, table.Count);
        }

        Assert.Equal(model.Keys, table.Behind(0).Select(producer => producer.Id));
        Assert.Equal(model.Keys.Where(each => each > 5_000), table.Behind(5_000).Select(producer => producer.Id));
        Assert.All(model.Values.OfType<NamedProducer>(), named => Assert.Same(named, table.Find(named.Name)));
    }

    [Fact]
    public void A_producer_that_becomes_idle_is_told_once_and_only_one_without_a_name_may_go()
    {
        var table = new ProducerTable();
        ProducerState named = table.Add(1, epoch: 0, "n", clientId: ""), first = table.Add(2, epoch: 0, name: null, clientId: "");
        ProducerState second = table.Add(3, epoch: 0, name: null, clientId: "");
        var told = new List<ProducerState>();
        Pass(minutes: 10);
        table.Touch(first);
        Pass(minutes: 20);
        Assert.Equal([named, second], told);
        Assert.Same(second, table.OldestIdleFor(ProducerTable.IdleAfter));
        table.Touch(named);
        Pass(minutes: 40);
        Pass(minutes: 60);
        Assert.Equal([named, second, first, named], told);
        table.Remove(second, lsn: 1);
        Assert.Same(first, table.OldestIdleFor(ProducerTable.IdleAfter));
        table.Remove(first, lsn: 2);
        Assert.Null(table.OldestIdleFor(ProducerTable.IdleAfter));

        void Pass(int minutes) => table.Advance((long)TimeSpan.FromMinutes(minutes).TotalMilliseconds, countMax: 100, told.Add);
    }

    [Fact]
    public async Task A_window_tells_the_batches_that_a_list_of_the_newest_holds()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t", 1);
        var random = new Random(1);
        var window = new ProducerWindow(broker.Partition("t"));
        var model = new List<SequencedBatch>();
        (long next, long visible) = (0, 0);
        for (int step = 0; step < 5_000; step++)
        {
            int batches = 5 + (step / 100);
            if (random.Next(50) == 0)
            {
                window.Shrink(visible);
                model.RemoveRange(0, Math.Max(0, model.FindLastIndex(batch => batch.Lsn <= visible)));
            }
            else
            {
                var batch = new SequencedBatch(next, random.Next(1, 9), BaseOffset: 10 * next, AppendTimeMs: step, Lsn: step + 1);
                while (model.Count > batches && model[batches].Lsn <= visible)
                {
                    model.RemoveAt(0);
                }

                window.Add(batch, batches, visible);
                model.Add(batch);
                next = batch.NextSequence;
            }

            visible = Math.Max(visible, step - random.Next(20));
            Assert.Equal(model, Enumerable.Range(0, window.Count).Select(i => window[i]));
            Assert.Equal(next, window.NextSequence);
            Assert.True(model.All(batch => window.TryFind(batch.FirstSequence, batch.RecordCount, out SequencedBatch found) && found == batch));
            Assert.False(window.TryFind(model.Count == 0 ? 0 : model[0].FirstSequence - 1, recordCount: 1, out _));
        }
    }

    [Fact]
    public async Task A_producer_goes_on_in_each_of_many_partitions_and_forgets_those_of_deleted_topics()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("kept", 20);
        await broker.CreateTopicAsync("gone", 20);
        PartitionHandle[] kept = [.. broker.Engine.FindTopic("kept")!.Partitions], gone = [.. broker.Engine.FindTopic("gone")!.Partitions];
        var producer = new ProducerState(1, epoch: 0, clientId: "");
        foreach (PartitionHandle partition in gone.Zip(kept).SelectMany(pair => new[] { pair.First, pair.Second }))
        {
            Assert.Null(producer.FindWindow(partition).Partition);
            producer.WindowOf(partition).Add(Batch(partition.Partition), batches: 5, visibleLsn: 0);
        }

        Assert.Equal(40, producer.WindowCount);
        Assert.All(kept, partition => Assert.Equal(Batch(partition.Partition), producer.FindWindow(partition).Newest));
        await broker.Engine.DeleteTopicAsync("gone", CancellationToken.None);
        producer.DropDeleted();
        Assert.Equal(kept, producer.Partitions);
        Assert.All(kept, partition => Assert.Equal(Batch(partition.Partition), producer.FindWindow(partition).Newest));
        Assert.All(gone, partition => Assert.Equal(0, producer.FindWindow(partition).Count));

        static SequencedBatch Batch(int number) => new(number, RecordCount: 1, BaseOffset: number, AppendTimeMs: number, Lsn: 1 + number);
    }

    [Fact]
    public async Task A_producer_that_wrote_once_takes_less_than_200_bytes()
    {
        const int Count = 1 << 17, BytesMax = 200;
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t", 1);
        PartitionHandle partition = broker.Partition("t");
        var table = new ProducerTable();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int id = 1; id <= Count; id++)
        {
            table.Add(id, epoch: 0, name: null, clientId: "").WindowOf(partition)
                .Add(new SequencedBatch(0, RecordCount: 1, BaseOffset: id, AppendTimeMs: id, Lsn: id), batches: 64, visibleLsn: id);
        }

        // With what the growth of its tables left behind.
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / Count, 0, BytesMax);
        Assert.Equal(Count, table.Count);
    }
}
