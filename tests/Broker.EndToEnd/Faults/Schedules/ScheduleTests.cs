using Broker.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Faults.Schedules;

public sealed class ScheduleTests(ITestOutputHelper output)
{
    private const int Schedules = 2_000;

    [Fact]
    public async Task Batches_held_back_reordered_and_repeated_are_in_the_log_once_and_in_order()
    {
        using var directory = new TemporaryDirectory();
        using var report = new TestReport("schedules", output);
        ScheduleReport result = await new ScheduleRun(Schedules, Seeds.Next(), Path.Combine(directory.Path, "data"), report.Line).RunAsync();
        report.Line(result.ToString());
        directory.IsKept = !result.IsGood;
        Assert.True(result.IsGood, $"{result}\n{string.Join('\n', result.Examples)}\nThe data is kept in {directory.Path}.");
    }
}
