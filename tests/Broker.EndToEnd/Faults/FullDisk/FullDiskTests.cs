using Broker.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Faults.FullDisk;

public sealed class FullDiskTests(ITestOutputHelper output)
{
    private const int Cycles = 5;

    [PowerCutFact]
    public async Task While_the_disk_is_full_reads_and_retention_go_on_and_writes_go_on_by_themselves_when_there_is_space()
    {
        using var report = new TestReport("full-disk", output);
        FullDiskReport result = await new FullDiskRun(Cycles, Seeds.Next(), report.Line).RunAsync();
        report.Line(result.ToString());
        Assert.True(result.IsGood, $"{result}\n{string.Join('\n', result.Examples)}");
    }
}
