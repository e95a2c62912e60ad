using Broker.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Faults.Restarts;

public sealed class RestartTests(ITestOutputHelper output)
{
    private const int Restarts = 15, GracefulRestarts = 8;

    [Fact]
    public async Task Restarts_that_end_in_recovery_lose_nothing_and_leave_nothing_over()
    {
        using var directory = new TemporaryDirectory();
        using var report = new TestReport("restarts", output);
        RestartReport result = await new RestartRun(Restarts, Seeds.Next(), Path.Combine(directory.Path, "data"), report.Line).RunAsync();
        report.Line(result.ToString());
        directory.IsKept = !result.IsGood;
        Assert.True(result.IsGood, $"{result}\n{string.Join('\n', result.Examples)}\nThe data is kept in {directory.Path}.");
    }

    [Fact]
    public async Task Restarts_in_order_show_no_client_an_error()
    {
        using var directory = new TemporaryDirectory();
        using var report = new TestReport("graceful-restarts", output);
        GracefulReport result = await new GracefulRun(GracefulRestarts, Seeds.Next(), Path.Combine(directory.Path, "data"), report.Line).RunAsync();
        report.Line(result.ToString());
        directory.IsKept = !result.IsGood;
        Assert.True(result.IsGood, $"{result}\n{string.Join('\n', result.Examples)}\nThe data is kept in {directory.Path}.");
    }
}
