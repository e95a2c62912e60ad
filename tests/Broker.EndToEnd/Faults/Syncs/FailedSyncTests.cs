using Broker.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Faults.Syncs;

public sealed class FailedSyncTests(ITestOutputHelper output)
{
    [StraceFact]
    public async Task After_a_sync_that_failed_nothing_is_acked_and_the_broker_ends()
    {
        using var directory = new TemporaryDirectory();
        using var report = new TestReport("failed-syncs", output);
        FailedSyncReport result = await new FailedSyncRun(
            runs: 10, Seeds.Next(), Path.Combine(directory.Path, "data"), report.Line).RunAsync();
        report.Line(result.ToString());
        directory.IsKept = !result.IsGood;
        Assert.True(result.IsGood, $"{result}\n{string.Join('\n', result.Examples)}\nThe data is kept in {directory.Path}.");
    }
}
