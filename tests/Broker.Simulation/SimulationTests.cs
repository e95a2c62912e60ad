namespace Broker.Simulation;

public sealed class SimulationTests
{
    private const int SeedCount = 3000;

    [Fact]
    public void No_seed_breaks_a_promise()
    {
        var lines = new List<string>();
        SimulationReport report = SeedRange.Run(first: 1, SeedCount, Environment.ProcessorCount, lines.Add);
        if (Environment.GetEnvironmentVariable("BROKER_TEST_REPORTS") is { Length: > 0 } directory)
        {
            Directory.CreateDirectory(directory);
            File.WriteAllText(Path.Combine(directory, "simulation.txt"), report.ToString());
        }

        Assert.True(report.IsGood, report + "\n" + string.Join("\n", lines));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4711)]
    public void A_seed_replays_exactly(ulong seed)
    {
        SeedResult first = SimulationRun.Run(seed);
        SeedResult second = SimulationRun.Run(seed);
        Assert.True(first.Operations >= 200);
        Assert.Equal(first.TraceHash, second.TraceHash);
        Assert.NotEqual(first.TraceHash, SimulationRun.Run(seed + 1).TraceHash);
    }
}
