using Broker.Engine.Topics;
using Broker.Storage.Segments;

namespace Broker.Tests.Engine;

/// <summary>The check of the whole log that goes on in the background.</summary>
public sealed class ScrubTests
{
    [Fact]
    public async Task A_sound_log_is_read_whole_and_nothing_is_found()
    {
        await using EngineFixture broker = await FilledAsync();
        await broker.RestartAsync();
        long size = broker.Engine.Topics.SelectMany(t => t.Partitions).Sum(p => p.Stats().SizeBytes);
        await EventuallyAsync(() => broker.Engine.Parts.Metrics.ScrubPassCount >= 2);
        Assert.True(broker.Engine.Parts.Metrics.ScrubbedBytes >= 2 * size, "two passes read less than there is");
        Assert.Empty(broker.Engine.Notes.All);
    }

    [Fact]
    public async Task Damage_is_found_without_a_reader_in_small_batches_and_in_large_ones()
    {
        await using EngineFixture broker = await FilledAsync();
        await broker.CrashAsync(directory =>
        {
            foreach (string topic in Directory.GetDirectories(Path.Combine(directory, "topics")))
            {
                string segment = Directory.GetFiles(topic, "*.log", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ElementAt(1);
                using FileStream file = new(segment, FileMode.Open, FileAccess.ReadWrite);
                file.Position = file.Length / 3;
                int value = file.ReadByte();
                file.Position--;
                file.WriteByte((byte)~value);
            }
        });
        await EventuallyAsync(() => broker.Partition("small").IsQuarantined && broker.Partition("large").IsQuarantined);
        Assert.Equal(2, broker.Engine.Notes.All.Count);
        Assert.Equal(1, Lost(broker.Partition("small")));
        Assert.Equal(1, Lost(broker.Partition("large")));
    }

    [Fact]
    public async Task A_batch_that_is_appended_during_a_search_is_not_taken_for_damage()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("busy");
        PartitionHandle partition = broker.Partition("busy");
        await broker.AppendAsync(partition, ["the first"]);
        Task appending = Task.Run(async () =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                await broker.AppendAsync(partition, [new string((char)('a' + (i % 26)), 100)]);
            }
        });
        long searches = 0;
        while (!appending.IsCompleted)
        {
            Segment active = partition.Log.Segments[^1];
            Assert.True(active.TryLease());
            Assert.Null(partition.Log.FindDamage(active, fromPosition: 0));
            active.Release();
            searches++;
        }

        await appending;
        Assert.True(searches > 100, $"only {searches} searches");
    }

    private static long Lost(PartitionHandle partition) => partition.Damages.Sum(d => d.Range.NextOffset - d.Range.FromOffset);

    private static async Task<EngineFixture> FilledAsync()
    {
        var broker = new EngineFixture();
        await broker.CreateTopicAsync("small");
        await broker.CreateTopicAsync("large", 1, ("segment.bytes", "3000000"));
        for (int i = 0; i < 150; i++)
        {
            await broker.AppendAsync(broker.Partition("small"), [new string((char)('a' + (i % 26)), 4_000)]);
        }

        for (int i = 0; i < 4; i++)
        {
            await broker.AppendAsync(broker.Partition("large"), [new string((char)('a' + i), 2_000_000)]);
        }

        await broker.RestartAsync();
        return broker;
    }

    private static async Task EventuallyAsync(Func<bool> condition)
    {
        for (int i = 0; i < 600 && !condition(); i++)
        {
            await Task.Delay(25);
        }

        Assert.True(condition());
    }
}
