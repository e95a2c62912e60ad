using Broker.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Broker.Tests.Server;

/// <summary>Commits that come over the produce stream.</summary>
public sealed class StreamCommitTests : IAsyncLifetime
{
    private TestBroker _broker = null!;
    private Topic _topic = null!;
    private InitProducerResponse _producer = null!;
    private ulong _correlationId;

    public async Task InitializeAsync()
    {
        _broker = await TestBroker.StartAsync();
        _topic = await _broker.CreateTopicAsync("t");
        _producer = await _broker.Produce.InitProducerAsync(new InitProducerRequest { Name = "p" });
    }

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    [Fact]
    public async Task Batches_and_commit_in_one_message_are_answered_together_with_the_offsets()
    {
        using var call = _broker.Produce.Produce();
        ProduceAck ack = await AskAsync(call, Request(number: 1, Batch(0, "a", "b"), Batch(2, "c")), Commit(1, batches: 2, records: 3));

        Assert.All(ack.Results, result => Assert.Null(result.Error));
        Assert.Null(ack.Commit.Error);
        CommittedPartition place = Assert.Single(ack.Commit.Commit.Partitions);
        Assert.Equal(("t", 0, 0L, 3L), (place.Topic, place.Partition, place.BaseOffset, place.RecordCount));
        Assert.Equal(["a", "b", "c"], await ValuesAsync(_broker));
    }

    [Fact]
    public async Task A_commit_without_batches_answers_the_same_again()
    {
        using var call = _broker.Produce.Produce();
        ProduceAck first = await AskAsync(call, Request(1, Batch(0, "a")), Commit(1, 1, 1));
        ProduceAck again = await AskAsync(call, new ProduceRequest(), Commit(1, 1, 1));

        Assert.Empty(again.Results);
        Assert.Equal(first.Commit, again.Commit);
    }

    [Fact]
    public async Task A_batch_that_is_sent_again_after_its_commit_is_a_duplicate_and_one_that_was_not_in_it_is_refused()
    {
        using var call = _broker.Produce.Produce();
        await AskAsync(call, Request(1, Batch(0, "a", "b")), Commit(1, 1, 2));
        ProduceAck ack = await AskAsync(call, Request(1, Batch(0, "a", "b"), Batch(2, "c")), commit: null);

        Assert.True(ack.Results[0].Duplicate);
        Assert.Equal("INVALID_TXN_STATE", ack.Results[1].Error.Reason);
        Assert.Equal(["a", "b"], await ValuesAsync(_broker));
    }

    [Fact]
    public async Task Behind_a_batch_that_was_refused_nothing_is_committed_and_the_transaction_stays_open()
    {
        using var call = _broker.Produce.Produce();

        // The manifest leaves the refused one out: without the rule it would be what the broker holds.
        ProduceAck refused = await AskAsync(call, Request(1, Batch(0, "a"), Batch(5, "gap")), Commit(1, 1, 1));
        Assert.Equal("OUT_OF_ORDER_SEQUENCE_NUMBER", refused.Results[1].Error.Reason);
        Assert.Equal(("PRECEDING_BATCH_REFUSED", true, true), (refused.Commit.Error.Reason, refused.Commit.Error.Definite, refused.Commit.Error.Retriable));
        Assert.Empty(await ValuesAsync(_broker));

        var transactions = new TransactionService.TransactionServiceClient(_broker.Channel);
        CommitTransactionResponse committed = await transactions.CommitTransactionAsync(Commit(1, 1, 1));
        Assert.Equal(1, Assert.Single(committed.Commit.Partitions).RecordCount);
    }

    [Fact]
    public async Task A_commit_whose_manifest_says_more_than_came_is_refused_and_ends_the_transaction()
    {
        using var call = _broker.Produce.Produce();
        ProduceAck ack = await AskAsync(call, Request(1, Batch(0, "a")), Commit(1, 2, 2));
        Assert.Equal(("TRANSACTION_ABORTABLE", true), (ack.Commit.Error.Reason, ack.Commit.Error.Definite));
        ProduceAck next = await AskAsync(call, Request(2, Batch(0, "b")), Commit(2, 1, 1));

        Assert.Null(next.Commit.Error);
        Assert.Equal(["b"], await ValuesAsync(_broker));
    }

    [Fact]
    public async Task What_waits_in_a_file_is_committed_over_the_stream_too()
    {
        await using TestBroker small = await TestBroker.StartAsync("--transaction.staging.memory.bytes=64KiB");
        Topic topic = await small.CreateTopicAsync("t");
        InitProducerResponse producer = await small.Produce.InitProducerAsync(new InitProducerRequest { Name = "p" });
        using var call = small.Produce.Produce();
        string value = new('x', 50_000);
        for (int i = 0; i < 5; i++)
        {
            await AskAsync(call, Request(topic, producer, 1, TestBatches.EncodeTransactional(topic, 0, producer, i, $"{i}{value}")), commit: null);
        }

        ProduceAck ack = await AskAsync(call, new ProduceRequest(), Commit(topic, producer, 1, 5, 5));
        Assert.Null(ack.Commit.Error);
        Assert.Equal(["0", "1", "2", "3", "4"], (await ValuesAsync(small)).Select(v => v[..1]));
    }

    private ByteString Batch(long baseSequence, params string[] values) =>
        TestBatches.EncodeTransactional(_topic, 0, _producer, baseSequence, values);

    private ProduceRequest Request(ulong number, params ByteString[] batches) => Request(_topic, _producer, number, batches);

    private static ProduceRequest Request(Topic topic, InitProducerResponse producer, ulong number, params ByteString[] batches)
    {
        ProduceRequest request = TestBatches.Request(0, topic, batches);
        request.Transaction = new TransactionContext { Incarnation = producer.Incarnation, Number = number };
        return request;
    }

    private CommitTransactionRequest Commit(ulong number, int batches, long records) => Commit(_topic, _producer, number, batches, records);

    private static CommitTransactionRequest Commit(Topic topic, InitProducerResponse producer, ulong number, int batches, long records) => new()
    {
        Transaction = new TransactionKey
        {
            Incarnation = producer.Incarnation,
            ProducerId = producer.ProducerId,
            ProducerEpoch = producer.ProducerEpoch,
            Number = number,
        },
        Manifest = { new ManifestPartition { TopicId = topic.TopicId, Partition = 0, BatchCount = batches, RecordCount = records } },
    };

    private static async Task<IEnumerable<string>> ValuesAsync(TestBroker broker)
    {
        var request = new ReadRequest { Topic = "t", From = new OffsetSpec { LogEnd = LogEnd.Earliest } };
        return (await broker.Fetch.ReadAsync(request)).Records.Select(record => record.Record.Value.ToStringUtf8());
    }

    private async Task<ProduceAck> AskAsync(
        AsyncDuplexStreamingCall<ProduceRequest, ProduceResponse> call, ProduceRequest request, CommitTransactionRequest? commit)
    {
        request.CorrelationId = ++_correlationId;
        request.Commit = commit;
        await call.RequestStream.WriteAsync(request);
        Assert.True(await call.ResponseStream.MoveNext());
        ProduceAck ack = Assert.Single(call.ResponseStream.Current.Acks);
        Assert.Equal(_correlationId, ack.CorrelationId);
        return ack;
    }
}
