using System.Diagnostics;
using Broker.EndToEnd.Harness;
using Xunit.Abstractions;

namespace Broker.EndToEnd.Faults.Syncs;

/// <summary>
/// A device that takes no more writes below a file system that has room: writes go as far as the page cache, and the sync finds out.
/// </summary>
public sealed class FailingDiskTests(ITestOutputHelper output)
{
    private const int Failures = 3;

    private static readonly TimeSpan ExitMax = TimeSpan.FromSeconds(30);

    [PowerCutFact]
    public async Task A_broker_whose_device_fails_ends_and_all_that_it_acked_is_on_the_device()
    {
        using var disk = new PowerCutDisk(512 << 20);
        using var report = new TestReport("failing-disk", output);
        long seed = Seeds.Next();
        report.Line($"seed {seed}");
        await using var broker = new BrokerProcess(Path.Combine(disk.Directory, "data"), LoadFleet.SmallFiles);
        await broker.StartAsync();
        await FaultLogs.CreateAsync(broker.Server);

        // What a failing device gives to a reader before the broker has ended may be refused as damaged.
        await using var fleet = new LoadFleet(broker, seed, report.Line, isFollowed: false);
        for (int failure = 1; failure <= Failures; failure++)
        {
            int before = fleet.Acked;
            while (fleet.Acked < before + 5_000)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(10));
            }

            disk.FailAfter(failure << 20);
            Task<int> exit = broker.ExitAsync();
            Assert.True(await Task.WhenAny(exit, Task.Delay(ExitMax)) == exit, $"It lives on:\n{broker.Output}");
            long endedAt = Stopwatch.GetTimestamp();
            Assert.True(await exit == 1 && broker.Output.Contains("The journal has failed", StringComparison.Ordinal), $"Code {await exit}:\n{broker.Output}");
            report.Line($"failure {failure}: {fleet.Acked - before:N0} acks, then the end with code {await exit}");
            Assert.DoesNotContain(fleet.Records, record => record.Outcome == SendOutcome.Acked && record.InvokedAt > endedAt);
            disk.Mend();
            fleet.NotePowerCut();
            broker.ForgetOutput();
            await broker.StartAsync();
            Findings findings = failure == Failures ? await fleet.StopAndCheckAsync() : await fleet.CheckAsync();
            Assert.False(findings.Any, string.Join('\n', findings.Examples));
        }

        await fleet.CloseAsync(isComplete: true);
    }
}
