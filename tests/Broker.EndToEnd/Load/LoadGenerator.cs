using System.Text.Json;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Load;

/// <summary>perf/load as users run it, short.</summary>
internal static class LoadGenerator
{
    private static readonly string[] Short = ["--seconds", "1", "--windows", "1", "--warm-up", "0"];

    // perf/Broker.Load/bin/Release/net10.0 beside tests/Broker.EndToEnd/bin/Release/net10.0
    private static readonly string Assembly = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "..", "..", "..", "perf", "Broker.Load",
        Path.GetRelativePath(Path.Combine(AppContext.BaseDirectory, "..", "..", ".."), AppContext.BaseDirectory), "Broker.Load.dll"));

    public static Task<CliRun> RunAsync(params string[] arguments) => CliRun.RunAsync(BrokerCommandLine.StartInfoOf(Assembly, arguments));

    /// <summary>A second of it that must succeed.</summary>
    /// <returns>The results.</returns>
    public static async Task<JsonElement[]> MeasureAsync(params string[] arguments)
    {
        CliRun run = await RunAsync([.. arguments, .. Short, "-o", "json"]);
        Assert.True(run.ExitCode == 0, $"{string.Join(' ', arguments)} ended with {run.ExitCode}: {run.Error}");
        return [.. run.Lines.Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
