using System.Text;
using Broker.Client;
using Broker.Protocol.V1;
using Broker.Records;
using Google.Protobuf;
using Grpc.Core;

namespace Broker.Tests.Client;

public class ConsumerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Reading_goes_on_at_the_next_offset_after_every_break()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var log = new FakeLog(broker, recordCount: 1000, recordsPerBatch: 7);
        int responses = 0;
        broker.Fetch = (requests, stream, _) => log.ServeAsync(requests, stream, () => ++responses % 4 == 0);
        await using BrokerClient client = broker.Connect();
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t", StopAtEnd = true });

        var offsets = new List<long>();
        await foreach (ConsumedRecord record in consumer.ReadAllAsync())
        {
            Assert.Equal($"v{record.Offset}", Encoding.UTF8.GetString(record.Value!.Value.Span));
            offsets.Add(record.Offset);
        }

        Assert.Equal(Enumerable.Range(0, 1000).Select(i => (long)i), offsets);
        Assert.True(log.StreamCount > 10, $"{log.StreamCount} streams");
    }

    [Fact]
    public async Task Records_before_the_wished_offset_are_skipped()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var log = new FakeLog(broker, recordCount: 100, recordsPerBatch: 10);
        broker.Fetch = (requests, stream, _) => log.ServeAsync(requests, stream, () => false);
        await using BrokerClient client = broker.Connect();
        await using Consumer consumer = client.CreateConsumer(
            new ConsumerOptions { Topic = "t", From = StartAt.Offset(37), StopAtEnd = true });

        long next = 37;
        await foreach (ConsumedBatch batch in consumer.ReadBatchesAsync())
        {
            Assert.Equal(next, batch.BaseOffset);
            int count = 0;
            foreach (RecordView record in batch.Records())
            {
                Assert.Equal(next++, record.Offset);
                count++;
            }

            Assert.Equal(batch.RecordCount, count);
        }

        Assert.Equal(100, next);
    }

    [Fact]
    public async Task A_second_enumeration_goes_on_behind_the_last_record_of_the_first()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var log = new FakeLog(broker, recordCount: 100, recordsPerBatch: 10);
        broker.Fetch = (requests, stream, _) => log.ServeAsync(requests, stream, () => false);
        await using BrokerClient client = broker.Connect();
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t", StopAtEnd = true });
        await foreach (ConsumedRecord record in consumer.ReadAllAsync())
        {
            if (record.Offset == 23)
            {
                break;
            }
        }

        long next = 24;
        await foreach (ConsumedRecord record in consumer.ReadAllAsync())
        {
            Assert.Equal(next++, record.Offset);
        }

        Assert.Equal(100, next);
    }

    [Fact]
    public async Task A_damaged_batch_ends_reading_with_its_place()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var log = new FakeLog(broker, recordCount: 30, recordsPerBatch: 10);
        log.Damage(batch: 1);
        broker.Fetch = (requests, stream, _) => log.ServeAsync(requests, stream, () => false);
        await using BrokerClient client = broker.Connect();
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t", StopAtEnd = true });
        int count = 0;

        BrokerException damage = await Assert.ThrowsAsync<BrokerException>(async () =>
        {
            await foreach (ConsumedRecord record in consumer.ReadAllAsync())
            {
                count++;
            }
        });

        Assert.Equal(10, count);
        Assert.Equal(ErrorReasons.CorruptMessage, damage.Reason);
        Assert.Equal("10", damage.Metadata["offset"]);
        Assert.Equal("t", damage.Metadata["topic"]);
    }

    [Fact]
    public async Task An_offset_that_is_missing_ends_reading()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var log = new FakeLog(broker, recordCount: 30, recordsPerBatch: 10);
        log.Remove(batch: 1);
        broker.Fetch = (requests, stream, _) => log.ServeAsync(requests, stream, () => false);
        await using BrokerClient client = broker.Connect();
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t" });

        BrokerException gap = await Assert.ThrowsAsync<BrokerException>(() => CountAsync(consumer));

        Assert.Equal(ErrorReasons.DataLoss, gap.Reason);
    }

    [Fact]
    public async Task A_refusal_ends_reading_with_the_brokers_words()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        broker.Fetch = async (requests, stream, cancellation) =>
        {
            await requests.MoveNext(cancellation);
            var refusal = new FetchResponse { StartId = 1, Error = SequenceModel.Refusal("OFFSET_OUT_OF_RANGE").Error };
            await stream.WriteAsync(refusal, cancellation);
            await Task.Delay(Timeout.Infinite, cancellation);
        };
        await using BrokerClient client = broker.Connect();
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t", From = StartAt.Offset(9) });

        BrokerException refusal = await Assert.ThrowsAsync<BrokerException>(() => CountAsync(consumer)).WaitAsync(Patience);

        Assert.Equal(ErrorReasons.OffsetOutOfRange, refusal.Reason);
    }

    [Fact]
    public async Task A_silent_stream_counts_as_dead_and_is_opened_again()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var log = new FakeLog(broker, recordCount: 20, recordsPerBatch: 10);
        int streams = 0;
        broker.Fetch = (requests, stream, cancellation) => ++streams == 1
            ? Task.Delay(Timeout.Infinite, cancellation)
            : log.ServeAsync(requests, stream, () => false);
        await using BrokerClient client = broker.Connect();
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions
        {
            Topic = "t",
            StopAtEnd = true,
            SilenceTimeout = TimeSpan.FromMilliseconds(200),
        });

        Assert.Equal(20, await CountAsync(consumer).WaitAsync(Patience));
    }

    [Fact]
    public async Task A_broker_that_stays_away_ends_reading_with_an_error_that_names_it()
    {
        ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var log = new FakeLog(broker, recordCount: 10, recordsPerBatch: 10);
        broker.Fetch = (requests, stream, _) => log.ServeAsync(requests, stream, () => false);
        await using BrokerClient client = broker.Connect();
        await using Consumer consumer = client.CreateConsumer(
            new ConsumerOptions { Topic = "t", ReconnectTimeout = TimeSpan.FromMilliseconds(300) });
        await using IAsyncEnumerator<ConsumedRecord> records = consumer.ReadAllAsync().GetAsyncEnumerator();
        Assert.True(await records.MoveNextAsync());

        await broker.DisposeAsync();
        RetriableException lost = await Assert.ThrowsAsync<RetriableException>(async () =>
        {
            while (await records.MoveNextAsync())
            {
            }
        }).WaitAsync(Patience);

        Assert.Equal(ErrorReasons.NetworkException, lost.Reason);
        Assert.Contains(broker.Address, lost.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Credit_is_granted_once_and_returned_as_bytes_are_read()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var log = new FakeLog(broker, recordCount: 4000, recordsPerBatch: 10);
        broker.Fetch = (requests, stream, _) => log.ServeAsync(requests, stream, () => false);
        await using BrokerClient client = broker.Connect();
        await using Consumer consumer = client.CreateConsumer(
            new ConsumerOptions { Topic = "t", StopAtEnd = true, CreditBytes = 2000 });

        Assert.Equal(4000, await CountAsync(consumer).WaitAsync(Patience));

        Assert.InRange(log.CreditBytesMax, 1, 2000);
    }

    [Fact]
    public async Task Two_enumerations_at_once_are_refused_and_cancelling_ends_one()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var log = new FakeLog(broker, recordCount: 10, recordsPerBatch: 10);
        broker.Fetch = (requests, stream, _) => log.ServeAsync(requests, stream, () => false);
        await using BrokerClient client = broker.Connect();
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t" });
        using var cancelling = new CancellationTokenSource();
        await using IAsyncEnumerator<ConsumedBatch> reading = consumer.ReadBatchesAsync(cancelling.Token).GetAsyncEnumerator();
        Assert.True(await reading.MoveNextAsync());

        await Assert.ThrowsAsync<InvalidOperationException>(() => CountAsync(consumer));
        ValueTask<bool> waiting = reading.MoveNextAsync();
        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.AsTask());
    }

    [Fact]
    public async Task Walking_batches_allocates_nothing_per_record()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        var log = new FakeLog(broker, recordCount: 20_000, recordsPerBatch: 20_000);
        broker.Fetch = (requests, stream, _) => log.ServeAsync(requests, stream, () => false);
        await using BrokerClient client = broker.Connect();
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = "t", StopAtEnd = true });
        await using IAsyncEnumerator<ConsumedBatch> batches = consumer.ReadBatchesAsync().GetAsyncEnumerator();
        Assert.True(await batches.MoveNextAsync());
        long bytes = Walk(batches.Current);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Equal(bytes, Walk(batches.Current));

        // Less than a tenth of a byte for each of the 20,000.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 2000);

        static long Walk(ConsumedBatch batch)
        {
            long bytes = 0;
            foreach (RecordView record in batch.Records())
            {
                bytes += record.Value.Length;
            }

            return bytes;
        }
    }

    private static async Task<int> CountAsync(Consumer consumer)
    {
        int count = 0;
        await foreach (ConsumedRecord record in consumer.ReadAllAsync())
        {
            count++;
        }

        return count;
    }

    /// <summary>One partition's stored batches, served one a response as far as credit goes.</summary>
    private sealed class FakeLog
    {
        private readonly List<(long BaseOffset, byte[] Stored)> _batches = [];
        private readonly int _recordCount;

        public FakeLog(ScriptedBroker broker, int recordCount, int recordsPerBatch)
        {
            _recordCount = recordCount;
            uint seed = StoredBatch.PrefixSeed(broker.TopicId, 0);
            using var writer = new BatchWriter(Codec.None);
            for (int offset = 0; offset < recordCount; offset += recordsPerBatch)
            {
                for (int i = offset; i < Math.Min(offset + recordsPerBatch, recordCount); i++)
                {
                    writer.Append(i, default, Encoding.UTF8.GetBytes($"v{i}"), []);
                }

                PooledBuffer buffer = writer.Finish(broker.TopicId, 0, -1, -1, -1);
                StoredBatch.Stamp(buffer.Span, seed, offset, appendTimeMs: 7, lsn: 1);
                _batches.Add((offset, buffer.Span.ToArray()));
                buffer.Release();
            }
        }

        public int StreamCount { get; private set; }

        /// <summary>The most credit that there ever was.</summary>
        public long CreditBytesMax { get; private set; }

        public void Damage(int batch) => _batches[batch].Stored[^1] ^= 1;

        public void Remove(int batch) => _batches.RemoveAt(batch);

        public async Task ServeAsync(
            IAsyncStreamReader<FetchRequest> requests,
            IServerStreamWriter<FetchResponse> stream,
            Func<bool> breaks)
        {
            StreamCount++;
            await requests.MoveNext();
            FetchStart start = requests.Current.Starts.Single();
            long credit = (long)requests.Current.CreditBytes;
            long first = start.From.SpecCase == OffsetSpec.SpecOneofCase.Offset ? start.From.Offset : 0;
            await stream.WriteAsync(new FetchResponse { StartId = start.StartId, FirstOffset = first, HighWatermark = _recordCount });
            foreach ((long baseOffset, byte[] stored) in _batches)
            {
                long next = baseOffset + new StoredBatchView(stored).RecordCount;
                if (next <= first)
                {
                    continue;
                }

                CreditBytesMax = Math.Max(CreditBytesMax, credit);
                while (credit <= 0 && await requests.MoveNext())
                {
                    credit += (long)requests.Current.CreditBytes;
                    CreditBytesMax = Math.Max(CreditBytesMax, credit);
                }

                credit -= stored.Length;
                await stream.WriteAsync(new FetchResponse
                {
                    StartId = start.StartId,
                    FirstOffset = first,
                    HighWatermark = _recordCount,
                    Batches = ByteString.CopyFrom(stored),
                });
                first = next;
                if (breaks())
                {
                    throw new RpcException(new Status(StatusCode.Unavailable, "The script breaks the stream."));
                }
            }

            while (await requests.MoveNext())
            {
            }
        }
    }
}
