using Broker.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Faults;

public sealed class KillTests(ITestOutputHelper output)
{
    private const int Kills = 20;

    [Fact]
    public async Task Nothing_acked_is_lost_or_doubled_or_reordered_by_20_kills_under_load()
    {
        using var directory = new TemporaryDirectory();
        using var report = new TestReport("kills", output);
        var run = new KillRun(Kills, Seeds.Next(), Path.Combine(directory.Path, "data"), report.Line);
        KillReport result = await run.RunAsync();
        report.Line(result.ToString());
        directory.IsKept = !result.IsGood;
        Assert.True(result.IsGood, $"{result}\n{string.Join('\n', result.Examples)}\nThe data is kept in {directory.Path}.");
    }
}
