using Xunit.Abstractions;

namespace Broker.Tests.Corruption;

/// <summary>A sample of what tests/corruption does with every bit.</summary>
public sealed class CorruptionTests(ITestOutputHelper output)
{
    // Fixed: the same work in each run. tests/corruption takes a new one each time.
    private const long Seed = 4711;
    private const int RandomDamages = 60;

    [Fact]
    public async Task Damage_of_every_kind_is_found_or_of_no_consequence_and_never_served()
    {
        List<Tally> tallies = await CorruptionRun.RunAsync(Seed, everyBit: false, RandomDamages, output.WriteLine);
        if (Environment.GetEnvironmentVariable("BROKER_TEST_REPORTS") is { Length: > 0 } directory)
        {
            Directory.CreateDirectory(directory);
            await File.WriteAllLinesAsync(Path.Combine(directory, "corruption.txt"), tallies.Select(t => t.ToString()));
        }

        Assert.All(tallies, tally => Assert.True(tally.IsGood, $"{tally}\n{string.Join('\n', tally.Examples)}"));
    }
}
