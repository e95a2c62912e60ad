using Broker.Engine;
using Broker.Engine.Topics;

namespace Broker.Tests.Engine;

public sealed class DiskGuardTests
{
    [Fact]
    public async Task Writes_are_refused_while_space_is_short_reads_go_on_and_files_kept_for_reuse_are_given_up()
    {
        await using var broker = new EngineFixture();
        await broker.CreateTopicAsync("t", 1, ("segment.bytes", "65536"));
        PartitionHandle partition = broker.Partition("t");
        for (int i = 0; i < 60; i++)
        {
            await broker.AppendAsync(partition, [new string('x', 4000)]);
        }

        await broker.Engine.TrimAsync(partition, 50, default);
        string recycle = Path.Combine(broker.DataDirectory, "recycle");
        Assert.NotEmpty(Directory.GetFiles(recycle));
        await broker.RestartAsync(o => o with { ReserveBytes = long.MaxValue / 2 });
        partition = broker.Partition("t");
        AppendDecision refused = await broker.AppendAsync(partition, ["no"]);
        Assert.Equal(BrokerError.DiskFull, refused.Error);
        Assert.Matches(@"The disk has [0-9,]+ MB free; writes are accepted from 4,611,[0-9,]+ MB on\.", refused.Describe());
        Assert.Equal(10, EngineFixture.ReadAll(partition).Count);
        await Assert.ThrowsAsync<BrokerException>(async () => await broker.CreateTopicAsync("u"));
        Assert.Equal(55, await broker.Engine.TrimAsync(partition, 55, default));
        for (int i = 0; i < 200 && Directory.GetFiles(recycle).Length > 0; i++)
        {
            await Task.Delay(25);
        }

        Assert.Empty(Directory.GetFiles(recycle));
        await broker.RestartAsync();
        Assert.Equal(60, (await broker.AppendAsync(broker.Partition("t"), ["yes"])).BaseOffset);
    }
}
