using Broker.Client;
using Broker.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Faults.Pipeline;

public sealed class PipelineTests(ITestOutputHelper output)
{
    private const int Records = 60_000, WorkerKills = 4, BrokerKills = 1;

    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(15);

    [Fact]
    public async Task Totals_per_route_are_those_of_the_file_although_workers_and_broker_are_killed()
    {
        using var directory = new TemporaryDirectory();
        using var report = new TestReport("pipeline", output);
        var plan = new PipelinePlan(DeliveryMode.ExactlyOnce, Records, Duration, WorkerKills, BrokerKills, Seeds.Next());
        PipelineReport result = await new PipelineRun(plan, Path.Combine(directory.Path, "data"), report.Line).RunAsync();
        report.Line(result.ToString());
        directory.IsKept = !result.IsGood;
        Assert.True(result.IsGood, $"{result}\n{string.Join('\n', result.Examples)}\nThe data is kept in {directory.Path}.");
    }
}
