using Broker.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Faults.Schedules.Transactions;

public sealed class TransactionScheduleTests(ITestOutputHelper output)
{
    private const int Schedules = 500;

    [Fact]
    public async Task Transactional_calls_that_come_late_repeated_and_reordered_leave_each_transaction_whole_or_nowhere()
    {
        using var directory = new TemporaryDirectory();
        using var report = new TestReport("transaction-schedules", output);
        TransactionReport result = await new TransactionScheduleRun(Schedules, Seeds.Next(), Path.Combine(directory.Path, "data"), report.Line).RunAsync();
        report.Line(result.ToString());
        directory.IsKept = !result.IsGood;
        Assert.True(result.IsGood, $"{result}\n{string.Join('\n', result.Examples)}\nThe data is kept in {directory.Path}.");
    }
}
