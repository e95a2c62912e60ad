using System.Diagnostics;
using System.Text;
using Broker.Client;
using Broker.Records;

namespace Broker.Tests.Client;

public class ProducerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Records_are_acknowledged_with_consecutive_offsets_in_the_order_of_sending()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();

        ValueTask<RecordMetadata>[] sends = [.. Enumerable.Range(0, 500).Select(i => Send(producer, i))];
        for (int i = 0; i < sends.Length; i++)
        {
            Assert.Equal(new RecordMetadata("t", 0, i, 5, false, Broker.Client.Durability.Durable), await sends[i]);
        }

        Assert.Equal(Numbers(0, 500), broker.Log());
    }

    [Fact]
    public async Task Every_record_is_once_in_the_log_when_connections_break_after_writes()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.BreakAfterWrite = message => message % 3 == 0;
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer(new ProducerOptions { BatchSizeBytes = 1024 });

        for (int i = 0; i < 2000; i++)
        {
            await TrySendAsync(producer, i);
        }

        await producer.FlushAsync().WaitAsync(Patience);

        Assert.Equal(Numbers(0, 2000), broker.Log());
        Assert.True(broker.StreamCount > 5, $"{broker.StreamCount} streams");
    }

    [Fact]
    public async Task A_record_written_just_before_the_connection_broke_is_acknowledged_as_duplicate_with_its_first_offset()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.BreakAfterWrite = message => message == 2;
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();
        await Send(producer, 0);

        RecordMetadata second = await Send(producer, 1);

        Assert.True(second.IsDuplicate);
        Assert.Equal(1, second.Offset);
        Assert.Equal(Numbers(0, 2), broker.Log());
    }

    [Fact]
    public async Task A_batch_refused_for_good_fails_alone_and_the_ones_behind_it_keep_their_order()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.Refuse = value => value == Value(3) ? SequenceModel.Refusal("INVALID_RECORD").Error : null;
        var hold = new TaskCompletionSource();
        broker.BeforeAck = () => hold.Task;
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer(new ProducerOptions { BatchSizeBytes = 1024 });

        // 600 bytes: one record a batch, so several batches are under way when the third is refused.
        ValueTask<RecordMetadata>[] sends = [.. Enumerable.Range(0, 10).Select(i => Send(producer, i))];
        hold.SetResult();
        for (int i = 0; i < sends.Length; i++)
        {
            if (i == 3)
            {
                BrokerException refusal = await Assert.ThrowsAsync<BrokerException>(() => sends[i].AsTask());
                Assert.Equal("INVALID_RECORD", refusal.Reason);
                Assert.True(refusal.IsDefinite);
            }
            else
            {
                Assert.Equal(i < 3 ? i : i - 1, (await sends[i]).Offset);
            }
        }

        Assert.Equal([.. Numbers(0, 3), .. Numbers(4, 6)], broker.Log());
    }

    [Fact]
    public async Task A_batch_refused_for_now_is_sent_until_it_is_taken()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        int refusals = 0;
        broker.Refuse = _ => ++refusals <= 5 ? SequenceModel.Refusal("DISK_FULL", retriable: true).Error : null;
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();

        RecordMetadata sent = await Send(producer, 0);

        Assert.False(sent.IsDuplicate);
        Assert.Equal(Numbers(0, 1), broker.Log());
    }

    [Fact]
    public async Task A_producer_that_the_broker_forgot_goes_on_under_a_new_id()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();
        await Send(producer, 0);

        broker.ForgetProducers();
        await Send(producer, 1);
        await Send(producer, 2);

        Assert.Equal(Numbers(0, 3), broker.Log());
    }

    [Fact]
    public async Task A_topic_created_again_gets_what_was_not_yet_written()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();
        await Send(producer, 0);

        broker.TopicId = new TopicId(Guid.Parse("11111111-1111-1111-1111-111111111111"));
        await Send(producer, 1);

        Assert.Equal(Numbers(1, 1), broker.Log());
    }

    [Fact]
    public async Task A_deleted_topic_fails_its_records_clearly()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();
        await Send(producer, 0);

        broker.HasTopic = false;
        BrokerException gone = await Assert.ThrowsAsync<BrokerException>(() => Send(producer, 1).AsTask());
        BrokerException still = await Assert.ThrowsAsync<BrokerException>(() => Send(producer, 2).AsTask());

        Assert.Equal(ErrorReasons.UnknownTopicOrPartition, gone.Reason);
        Assert.True(gone.IsDefinite);
        Assert.Equal(ErrorReasons.UnknownTopicOrPartition, still.Reason);
    }

    [Fact]
    public async Task Without_an_answer_a_record_fails_as_unknown_within_the_delivery_timeout()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer(new ProducerOptions
        {
            DeliveryTimeout = TimeSpan.FromMilliseconds(500),
            CloseTimeout = TimeSpan.Zero,
        });
        await Send(producer, 0);
        var hold = new TaskCompletionSource();
        broker.BeforeAck = () => hold.Task;

        RetriableException timeout = await Assert.ThrowsAsync<RetriableException>(() => Send(producer, 1).AsTask())
            .WaitAsync(Patience);

        Assert.Equal(ErrorReasons.RequestTimedOut, timeout.Reason);
        Assert.False(timeout.IsDefinite);
        hold.SetResult();
    }

    [Fact]
    public async Task When_nothing_listens_any_more_a_record_fails_as_not_written()
    {
        ScriptedBroker broker = await ScriptedBroker.StartAsync();
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer(new ProducerOptions { DeliveryTimeout = TimeSpan.FromSeconds(2) });
        await Send(producer, 0);
        await broker.DisposeAsync();

        // Sent before the client knows that the connection is gone, a record may be in doubt; the next cannot be.
        await Assert.ThrowsAsync<RetriableException>(() => Send(producer, 1).AsTask()).WaitAsync(Patience);
        RetriableException timeout = await Assert.ThrowsAsync<RetriableException>(() => Send(producer, 2).AsTask())
            .WaitAsync(Patience);

        Assert.True(timeout.IsDefinite, timeout.Message);
        Assert.Contains(broker.Address, timeout.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_buffer_refuses_TrySend_and_makes_SendAsync_wait()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var hold = new TaskCompletionSource();
        broker.BeforeAck = () => hold.Task;
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer(new ProducerOptions { BatchSizeBytes = 4096, BufferMemoryBytes = 16384 });
        await producer.WaitForSpaceAsync();
        int taken = 0;
        while (taken < 5 || producer.TrySend("t", default, Encoding.UTF8.GetBytes(Value(taken))))
        {
            if (taken < 5)
            {
                await TrySendAsync(producer, taken);
            }

            taken++;
            Assert.True(taken < 1000, "The buffer has no bound.");
        }

        ValueTask waiting = producer.WaitForSpaceAsync();
        Task<RecordMetadata> sending = Send(producer, taken).AsTask();
        await Task.Delay(50);
        Assert.False(sending.IsCompleted);
        hold.SetResult();

        await waiting.AsTask().WaitAsync(Patience);
        await sending.WaitAsync(Patience);
        Assert.Equal(Numbers(0, taken + 1), broker.Log());
    }

    [Fact]
    public async Task A_record_too_large_is_refused_before_it_is_sent_and_both_sizes_are_named()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.Limits.RecordBytesMax = 1000;
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();

        BrokerException refusal = await Assert.ThrowsAsync<BrokerException>(
            () => producer.SendAsync("t", null, new byte[2000]).AsTask());

        Assert.Equal(ErrorReasons.MessageTooLarge, refusal.Reason);
        Assert.Contains("1000", refusal.Message, StringComparison.Ordinal);
        Assert.InRange(int.Parse(refusal.Metadata["size_bytes"]), 2000, 2050);
        Assert.Equal(0, broker.MessageCount);
    }

    [Fact]
    public async Task Flush_throws_the_first_failure_of_records_that_nobody_awaits_once()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.Refuse = value => value == Value(1) ? SequenceModel.Refusal("INVALID_RECORD").Error : null;
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer(new ProducerOptions { BatchSizeBytes = 1024 });
        for (int i = 0; i < 3; i++)
        {
            await TrySendAsync(producer, i);
        }

        BrokerException failure = await Assert.ThrowsAsync<BrokerException>(() => producer.FlushAsync());

        Assert.Equal("INVALID_RECORD", failure.Reason);
        await producer.FlushAsync();
    }

    [Fact]
    public async Task Each_batch_is_reported_and_then_flush_has_nothing_to_throw()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.Refuse = value => value == Value(1) ? SequenceModel.Refusal("INVALID_RECORD").Error : null;
        var reports = new List<DeliveryReport>();
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer(new ProducerOptions { BatchSizeBytes = 1024, OnDelivery = reports.Add });
        for (int i = 0; i < 3; i++)
        {
            await TrySendAsync(producer, i);
        }

        await producer.FlushAsync();

        Assert.Equal([0L, -1, 1], reports.Select(report => report.BaseOffset));
        Assert.Equal([null, "INVALID_RECORD", null], reports.Select(report => report.Error?.Reason));
    }

    [Fact]
    public async Task Disposing_waits_for_what_is_under_way()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        await using BrokerClient client = broker.Connect();
        Producer producer = client.CreateProducer(new ProducerOptions { LingerMs = 60_000 });
        for (int i = 0; i < 100; i++)
        {
            await TrySendAsync(producer, i);
        }

        await producer.DisposeAsync();

        Assert.Equal(Numbers(0, 100), broker.Log());
        Assert.Throws<ObjectDisposedException>(() => producer.TrySend("t", default, Encoding.UTF8.GetBytes("late")));
    }

    [Fact]
    public async Task Disposing_gives_up_after_its_time_and_tells_those_who_wait()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var hold = new TaskCompletionSource();
        broker.BeforeAck = () => hold.Task;
        await using BrokerClient client = broker.Connect();
        Producer producer = client.CreateProducer(new ProducerOptions { CloseTimeout = TimeSpan.FromMilliseconds(200) });
        Task<RecordMetadata> sending = Send(producer, 0).AsTask();

        await producer.DisposeAsync().AsTask().WaitAsync(Patience);

        BrokerException closed = await Assert.ThrowsAsync<BrokerException>(() => sending);
        Assert.Equal(ErrorReasons.ClientClosed, closed.Reason);
        hold.SetResult();
    }

    [Fact]
    public async Task A_cancelled_wait_ends_at_once_and_the_record_is_sent_all_the_same()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();
        await Send(producer, 0);
        var hold = new TaskCompletionSource();
        broker.BeforeAck = () => hold.Task;
        using var cancelling = new CancellationTokenSource();

        Task<RecordMetadata> sending = producer
            .SendAsync("t", null, Encoding.UTF8.GetBytes(Value(1)), cancelling.Token).AsTask();
        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        hold.SetResult();
        await producer.FlushAsync().WaitAsync(Patience);
        Assert.Equal(Numbers(0, 2), broker.Log());
    }

    [Fact]
    public async Task Keys_decide_the_partition_and_a_wished_partition_comes_first()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.PartitionCount = 7;
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();
        byte[] key = "foobar"u8.ToArray();

        RecordMetadata byKey = await producer.SendAsync("t", key, null);
        RecordMetadata wished = await producer.SendAsync(new ProducerRecord { Topic = "t", Key = key, Partition = 2 });
        BrokerException none = await Assert.ThrowsAsync<BrokerException>(
            () => producer.SendAsync(new ProducerRecord { Topic = "t", Partition = 7 }).AsTask());

        Assert.Equal((-790332482 & 0x7FFFFFFF) % 7, byKey.Partition);
        Assert.Equal(2, wished.Partition);
        Assert.Contains("there is no partition 7", none.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Records_without_key_avoid_partitions_in_quarantine_while_there_are_others()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.PartitionCount = 3;
        broker.Quarantined.Add(1);
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();
        Assert.Equal([0, 2], await PartitionsAsync());

        // One that is quarantined while the producer runs costs the batch that meets it.
        broker.Quarantined.Add(0);
        BrokerException refused = await Assert.ThrowsAsync<BrokerException>(() => PartitionsAsync());
        Assert.Equal(ErrorReasons.PartitionQuarantined, refused.Reason);
        Assert.Equal([2], await PartitionsAsync());

        // The producer looks at the topic again, here for a partition that it does not know.
        broker.Quarantined.Clear();
        broker.PartitionCount = 4;
        await producer.SendAsync(new ProducerRecord { Topic = "t", Partition = 3 });
        Assert.Equal([0, 1, 2, 3], await PartitionsAsync());

        async Task<IEnumerable<int>> PartitionsAsync()
        {
            var partitions = new SortedSet<int>();
            for (int i = 0; i < 40; i++)
            {
                partitions.Add((await Send(producer, i)).Partition);
            }

            return partitions;
        }
    }

    [Fact]
    public async Task A_topic_of_which_every_partition_is_quarantined_says_so()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.Quarantined.Add(0);
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();
        BrokerException refused = await Assert.ThrowsAsync<BrokerException>(() => Send(producer, 0).AsTask());
        Assert.Equal(ErrorReasons.PartitionQuarantined, refused.Reason);
    }

    [Fact]
    public async Task Two_connections_share_the_partitions_and_keep_each_in_order()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.PartitionCount = 4;
        broker.BreakAfterWrite = message => message % 5 == 0;
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer(new ProducerOptions { Connections = 2, BatchSizeBytes = 1024 });
        for (int i = 0; i < 400; i++)
        {
            while (!producer.TrySend("t", default, Encoding.UTF8.GetBytes(Value(i)), partition: i % 4))
            {
                await producer.WaitForSpaceAsync().AsTask().WaitAsync(Patience);
            }
        }

        await producer.FlushAsync().WaitAsync(Patience);

        for (int partition = 0; partition < 4; partition++)
        {
            Assert.Equal(Enumerable.Range(0, 100).Select(i => Value((4 * i) + partition)), broker.Log(partition));
        }
    }

    [Fact]
    public async Task No_more_batches_are_under_way_than_the_broker_remembers()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.Limits.ProducerWindowBatches = 2;
        var hold = new TaskCompletionSource();
        broker.BeforeAck = () => hold.Task;
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer(new ProducerOptions { BatchSizeBytes = 1024 });
        for (int i = 0; i < 10; i++)
        {
            await TrySendAsync(producer, i);
        }

        await Task.Delay(200);
        int receivedBeforeTheFirstAck = broker.MessageCount;
        hold.SetResult();
        await producer.FlushAsync().WaitAsync(Patience);

        Assert.InRange(receivedBeforeTheFirstAck, 1, 2);
        Assert.Equal(Numbers(0, 10), broker.Log());
    }

    [Fact]
    public async Task A_partition_that_was_added_meanwhile_is_looked_up_before_it_is_refused()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();
        await Send(producer, 0);
        broker.PartitionCount = 3;

        RecordMetadata sent = await producer.SendAsync(new ProducerRecord { Topic = "t", Partition = 2 });

        Assert.Equal(2, sent.Partition);
    }

    [Theory]
    [InlineData(Codec.Lz4)]
    [InlineData(Codec.Zstd)]
    public async Task Compressed_batches_hold_the_same_records(Codec codec)
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer(new ProducerOptions { Compression = codec });
        for (int i = 0; i < 300; i++)
        {
            await TrySendAsync(producer, i);
        }

        await producer.FlushAsync();

        Assert.Equal(Numbers(0, 300), broker.Log());
    }

    [Fact]
    public async Task An_error_of_a_topic_that_is_not_there_comes_at_once()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.HasTopic = false;
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();

        Assert.False(producer.TrySend("t", default, new byte[1]));
        BrokerException unknown = await Assert.ThrowsAsync<BrokerException>(() => producer.WaitForSpaceAsync().AsTask());

        Assert.Equal(ErrorReasons.UnknownTopicOrPartition, unknown.Reason);
    }

    [Fact]
    public async Task A_sent_record_carries_the_trace_that_it_belongs_to()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var activities = new List<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Broker.Client",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = activities.Add,
        };
        ActivitySource.AddActivityListener(listener);
        await using BrokerClient client = broker.Connect();
        await using Producer producer = client.CreateProducer();

        await Send(producer, 0);

        Activity send = Assert.Single(activities, activity => activity.GetTagItem("server.port")?.ToString() == broker.Address.Split(':')[1]);
        Assert.Equal("send t", send.OperationName);
        Assert.Equal(ActivityKind.Producer, send.Kind);
    }

    internal static string Value(int i) => i.ToString().PadLeft(600, '.');

    internal static string[] Numbers(int from, int count) => [.. Enumerable.Range(from, count).Select(Value)];

    private static ValueTask<RecordMetadata> Send(Producer producer, int i)
    {
        return producer.SendAsync("t", null, Encoding.UTF8.GetBytes(Value(i)));
    }

    private static async Task TrySendAsync(Producer producer, int i)
    {
        while (!producer.TrySend("t", default, Encoding.UTF8.GetBytes(Value(i))))
        {
            await producer.WaitForSpaceAsync().AsTask().WaitAsync(Patience);
        }
    }
}
