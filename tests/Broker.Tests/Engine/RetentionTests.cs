using System.Text;
using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Records;

namespace Broker.Tests.Engine;

public sealed class RetentionTests
{
    [Fact]
    public async Task Retention_by_size_keeps_the_newest_segments_and_reuses_the_files_of_the_oldest()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t", 1, ("segment.bytes", "65536"), ("retention.bytes", "200000"));
        PartitionHandle partition = broker.Partition("t");
        long last = 0;
        for (int i = 0; i < 400; i++)
        {
            last = (await broker.AppendAsync(partition, [new string('x', 4000)])).BaseOffset;
            if (i % 100 == 99)
            {
                await EventuallyAsync(() => partition.Log.SizeBytes < 300_000);
            }
        }

        Assert.True(partition.LogStartOffset > 300);
        Assert.Equal(last, EngineFixture.ReadAll(partition)[^1].Offset);
        Assert.InRange(partition.Log.SizeBytes, 200_000, 300_000);
        string recycle = Path.Combine(broker.DataDirectory, "recycle");
        Assert.True(Directory.GetFiles(recycle).Length < 20, "freed files are used again");
        await broker.CrashAsync();
        Assert.Equal(last, EngineFixture.ReadAll(broker.Partition("t"))[^1].Offset);
    }

    [Fact]
    public async Task Retention_by_time_frees_the_active_segment_too()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t", 1, ("retention.ms", "150"));
        PartitionHandle partition = broker.Partition("t");
        await broker.AppendAsync(partition, ["a", "b", "c"]);
        await EventuallyAsync(() => partition.LogStartOffset == 3);
        Assert.Equal(0, partition.Stats().SegmentCount);
        Assert.Equal(3, (await broker.AppendAsync(partition, ["d"])).BaseOffset);
    }

    [Fact]
    public async Task A_reader_keeps_what_it_holds_while_its_segment_is_freed_and_reused()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t", 1, ("segment.bytes", "65536"));
        PartitionHandle partition = broker.Partition("t");
        for (int i = 0; i < 40; i++)
        {
            await broker.AppendAsync(partition, [$"{i:D4}" + new string('y', 4000)]);
        }

        ReadResult held = partition.Read(0, 20_000);
        byte[] before = held.Slice.Memory.ToArray();
        await broker.Engine.TrimAsync(partition, 40, default);
        for (int i = 0; i < 40; i++)
        {
            await broker.AppendAsync(partition, [new string('z', 4000)]);
        }

        Assert.True(before.AsSpan().SequenceEqual(held.Slice.Memory.Span));
        held.Slice.Dispose();
    }

    [Fact]
    public async Task Readers_and_retention_at_once_never_meet_a_wrong_byte()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t", 1, ("segment.bytes", "65536"), ("retention.bytes", "150000"));
        PartitionHandle partition = broker.Partition("t");
        using var stop = new CancellationTokenSource();
        long read = 0;
        Task[] readers = [.. Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(() => Follow(partition, stop.Token, ref read), TaskCreationOptions.LongRunning))];
        for (int i = 0; i < 1500; i++)
        {
            await broker.AppendAsync(partition, [$"{i:D8}" + new string('w', 3000)]);
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.True(read > 1500, $"read {read} records");
    }

    [Fact]
    public async Task An_entry_larger_than_a_journal_file_is_stored_all_the_same()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t", 1, ("segment.bytes", "65536"));
        string large = new('L', 3_000_000);
        await broker.AppendAsync(broker.Partition("t"), ["small"]);
        await broker.AppendAsync(broker.Partition("t"), [large]);
        await broker.AppendAsync(broker.Partition("t"), ["after"]);
        await broker.CrashAsync();
        Assert.Equal(["small", large, "after"], EngineFixture.ReadAll(broker.Partition("t")).Select(r => r.Value));
    }

    [Fact]
    public async Task Deleting_a_topic_frees_its_files_and_its_directory()
    {
        await using var broker = new EngineFixture();
        TopicInfo topic = await broker.CreateTopicAsync("t", 2);
        await broker.AppendAsync(topic.Partitions[0], ["a"]);
        await broker.AppendAsync(topic.Partitions[1], ["b"]);
        string directory = Path.Combine(broker.DataDirectory, "topics", topic.Id.ToString());
        Assert.True(Directory.Exists(directory));
        await broker.Engine.DeleteTopicAsync("t", default);
        Assert.Empty(Directory.GetFiles(directory, "*.log", SearchOption.AllDirectories));
        await broker.RestartAsync();
        Assert.False(Directory.Exists(directory));
    }

    private static void Follow(PartitionHandle partition, CancellationToken stop, ref long read)
    {
        long offset = 0;
        using var scratch = new DecompressionBuffer();
        while (!stop.IsCancellationRequested)
        {
            ReadResult result = partition.Read(offset, 16 << 10);
            using (result.Slice)
            {
                if (result.Error == BrokerError.OffsetOutOfRange)
                {
                    offset = partition.LogStartOffset;
                    continue;
                }

                Assert.Equal(BrokerError.None, result.Error);
                ReadOnlySpan<byte> rest = result.Slice.Memory.Span;
                while (rest.Length > 0)
                {
                    int size = new StoredBatchView(rest).SizeBytes;
                    Assert.Equal(BatchError.None, BatchReader.TryOpen(rest[..size], scratch, out BatchReader reader));
                    Assert.True(reader.TryRead(out RecordView record));
                    Assert.Equal($"{record.Offset:D8}", Encoding.UTF8.GetString(record.Value.Span[..8]));
                    Interlocked.Increment(ref read);
                    rest = rest[size..];
                }

                offset = result.Slice.IsEmpty ? offset : result.Slice.NextOffset;
            }
        }
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        for (int i = 0; i < 200 && !condition(); i++)
        {
            await Task.Delay(25);
        }

        Assert.True(condition());
    }
}
