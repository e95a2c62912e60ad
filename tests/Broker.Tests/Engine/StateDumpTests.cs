using Broker.Engine.Inspection;
using Broker.Engine.Offsets;
using Broker.Engine.Producers;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Records;

namespace Broker.Tests.Engine;

/// <summary>What a stopped broker remembers, as it is dumped.</summary>
public sealed class StateDumpTests
{
    [Fact]
    public async Task The_state_is_the_same_when_either_copy_of_it_is_deleted_and_the_broker_has_started_once_more()
    {
        await using var broker = new EngineFixture();
        await FillAsync(broker);
        string[] before = [];
        await broker.StopAndAsync(directory =>
        {
            before = Dump(directory);
            Directory.Delete(Path.Combine(directory, "rocksdb"), recursive: true);
            return Task.CompletedTask;
        });
        await broker.StopAndAsync(directory =>
        {
            Assert.Equal(before, Dump(directory));
            Directory.Delete(Path.Combine(directory, "state"), recursive: true);
            return Task.CompletedTask;
        });
        await broker.StopAndAsync(directory =>
        {
            Assert.Equal(before, Dump(directory));
            return Task.CompletedTask;
        });

        Assert.Contains(before, line => line.StartsWith("transactions: producer_id 2, epoch 0, number 7", StringComparison.Ordinal));
        Assert.Contains(before, line => line.StartsWith("offsets: topic t, ", StringComparison.Ordinal) && line.Contains("group g, offset 2, metadata here", StringComparison.Ordinal));
        Assert.Contains(before, line => line.StartsWith("sequences: topic t, ", StringComparison.Ordinal));
        Assert.Contains(before, line => line.StartsWith("producers: producer_id 2, name p, epoch 0", StringComparison.Ordinal));
    }

    private static async Task FillAsync(EngineFixture broker)
    {
        await broker.CreateTopicAsync("t", partitions: 2);
        ProducerIdentity plain = await broker.Engine.InitProducerAsync("client", default);
        await broker.AppendAsync(broker.Partition("t"), ["a", "b"], plain.Id, plain.Epoch, sequence: 0);
        ProducerIdentity named = (await broker.Engine.OpenProducerAsync("p", "", default)).Identity;
        var key = new TransactionKey(broker.Engine.Incarnation, named.Id, named.Epoch, Number: 7);
        PartitionHandle partition = broker.Partition("t", 1);
        using var writer = new BatchWriter(Codec.None);
        writer.Append(1000, OptionalBytes.Null, "c"u8, []);
        PooledBuffer batch = writer.Finish(partition.TopicId, 1, named.Id, named.Epoch, baseSequence: 0, isTransactional: true);
        Assert.True(broker.Engine.Stage(partition, batch.Span, new TransactionContext(key.Incarnation, key.Number, TimeSpan.FromMinutes(1))).IsAccepted);
        batch.Release();
        await broker.Engine.CommitTransactionAsync(
            key, [new ManifestPartition(partition.TopicId, 1, 1, 1)], [new OffsetCommit("g", partition.TopicId, 0, 2, "here")], default);
    }

    /// <summary>All but where in the journal the state belongs to, and how often the broker was started.</summary>
    private static string[] Dump(string directory)
    {
        using DataDirectory data = DataDirectory.Open(directory);
        return [.. data.State().Where(record => record.Family != "meta").Select(Line)];
    }

    private static string Line(StateRecord record) => $"{record.Family}: {string.Join(", ", record.Fields.Select(field => $"{field.Name} {Text(field.Value)}"))}";

    private static string Text(object value) => value switch
    {
        List<object> list => string.Join("; ", list.Select(Text)),
        (string, object)[] fields => string.Join(", ", fields.Select(field => $"{field.Item1} {Text(field.Item2)}")),
        _ => $"{value}",
    };
}
