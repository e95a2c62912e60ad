using Broker.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Faults.Points;

public sealed class PersistencePointTests(ITestOutputHelper output)
{
    private const int Points = 9;

    [PowerCutFact(NeedsStrace = true)]
    public async Task A_crash_before_any_call_that_makes_something_last_loses_nothing()
    {
        using var disk = new PowerCutDisk(sizeBytes: 512 << 20);
        using var report = new TestReport("persistence-points", output);
        PointReport result = await new PersistencePointRun(disk, report.Line).RunAsync(Points, below: "", Enum.GetValues<Aftermath>());
        report.Line(result.ToString());
        Assert.True(result.IsGood, $"{result}\n{string.Join('\n', result.Bad)}");
    }
}
