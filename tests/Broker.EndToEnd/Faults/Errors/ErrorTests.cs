using Broker.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Faults.Errors;

public sealed class ErrorTests(ITestOutputHelper output)
{
    private const int Points = 10;

    [StraceFact]
    public async Task A_call_that_fails_loses_nothing_that_was_acked()
    {
        using var directory = new TemporaryDirectory();
        using var report = new TestReport("errors", output);
        ErrorReport result = await new ErrorRun(directory.Path, report.Line).RunAsync(Points);
        report.Line(result.ToString());
        directory.IsKept = !result.IsGood;
        Assert.True(result.IsGood, $"{result}\n{string.Join('\n', result.Examples)}\nThe data is kept in {directory.Path}.");
    }
}
