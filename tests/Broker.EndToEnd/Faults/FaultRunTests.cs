using Broker.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Faults;

public sealed class FaultRunTests(ITestOutputHelper output)
{
    private const int Kills = 10, PowerCuts = 5;

    [Fact]
    public async Task Nothing_acked_is_lost_or_doubled_or_reordered_by_kills_under_load()
    {
        using var directory = new TemporaryDirectory();
        using var report = new TestReport("kills", output);
        var plan = new FaultPlan(Kills, PowerCuts: 0, Seeds.Next());
        FaultReport result = await new FaultRun(plan, Path.Combine(directory.Path, "data"), disk: null, report.Line).RunAsync();
        report.Line(result.ToString());
        directory.IsKept = !result.IsGood;
        Assert.True(result.IsGood, $"{result}\n{string.Join('\n', result.Examples)}\nThe data is kept in {directory.Path}.");
    }

    [PowerCutFact]
    public async Task Nothing_acked_is_lost_or_doubled_or_reordered_by_power_cuts_under_load()
    {
        using var disk = new PowerCutDisk(sizeBytes: 1L << 30);
        using var report = new TestReport("power-cuts", output);
        var plan = new FaultPlan(Kills: 0, PowerCuts, Seeds.Next());
        FaultReport result = await new FaultRun(plan, Path.Combine(disk.Directory, "data"), disk, report.Line).RunAsync();
        report.Line(result.ToString());
        Assert.True(result.IsGood, $"{result}\n{string.Join('\n', result.Examples)}");
    }
}
