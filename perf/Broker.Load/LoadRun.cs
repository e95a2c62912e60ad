using Broker.Cli;
using Broker.Load.Raw;
using Broker.Load.Results;
using Broker.Load.Scenarios;
using Broker.Load.Servers;

namespace Broker.Load;

/// <summary>One scenario from an empty directory to its result, and raw in windows between its own.</summary>
internal sealed class LoadRun(LoadSettings settings, LiveCount live)
{
    /// <exception cref="CliException">Nothing was measured, or what was measured is not right.</exception>
    public async Task<IReadOnlyList<LoadResult>> RunAsync(CancellationToken cancellationToken)
    {
        await using var ground = new LoadGround(settings);
        return settings.Scenario == "raw"
            ?
            [
                await MeasureAsync(ground, "raw-produce", RawMode.Drop, null, cancellationToken).ConfigureAwait(false),
                await MeasureAsync(ground, "raw-consume", RawMode.Remember, null, cancellationToken).ConfigureAwait(false),
            ]
            : [await MeasureAsync(ground, settings.Scenario, MainMode, RawFor(settings.Scenario), cancellationToken).ConfigureAwait(false)];
    }

    private RawMode? MainMode => settings.Scenario == "raw-durable" ? RawMode.DropDurable : null;

    /// <summary>What raw is for a scenario; null where it would be no comparison, or is not wanted.</summary>
    private RawMode? RawFor(string scenario) => !settings.MeasuresRaw || settings.Server is not null ? null : scenario switch
    {
        "produce" or "raw-durable" => RawMode.Drop,
        "consume" => RawMode.Remember,
        _ => null,
    };

    private async Task<LoadResult> MeasureAsync(
        LoadGround ground, string name, RawMode? mode, RawMode? rawMode, CancellationToken cancellationToken)
    {
        LoadServer server = await ground.StartAsync(mode, cancellationToken).ConfigureAwait(false);
        await using IScenario scenario = ScenarioOf(name, server);
        LoadServer? rawServer = rawMode is null ? null : await ground.StartAsync(rawMode, cancellationToken).ConfigureAwait(false);
        await using IScenario? rawScenario = rawServer is null ? null : ScenarioOf(name, rawServer);
        var windows = new List<Window>();
        var rawWindows = new List<Window>();
        ServerUsage? usage = null;
        await PrepareAsync(name, scenario, cancellationToken).ConfigureAwait(false);
        if (rawScenario is not null)
        {
            await PrepareAsync("raw", rawScenario, cancellationToken).ConfigureAwait(false);
        }

        TimeSpan part = settings.Duration / settings.Rounds;
        for (int round = 1; round <= settings.Rounds; round++)
        {
            string place = settings.Rounds == 1 ? "" : $" {round} of {settings.Rounds}";
            if (rawScenario is not null)
            {
                live.Begin($"raw{place}");
                rawWindows.Add(await rawScenario.RunAsync(part, cancellationToken).ConfigureAwait(false));
            }

            live.Begin($"{name}{place}");
            ServerUsage? before = await server.UsageAsync().ConfigureAwait(false);
            windows.Add(await scenario.RunAsync(part, cancellationToken).ConfigureAwait(false));
            ServerUsage? used = before is null ? null : (await server.UsageAsync().ConfigureAwait(false))!.Since(before);
            usage = usage is null ? used : usage.Plus(used!);
        }

        return Result(name, server, windows, rawWindows, usage);
    }

    private async Task PrepareAsync(string name, IScenario scenario, CancellationToken cancellationToken)
    {
        live.Begin($"{name}: filling");
        await scenario.PrepareAsync(cancellationToken).ConfigureAwait(false);
        if (settings.WarmUp > TimeSpan.Zero)
        {
            live.Begin($"{name}: warming up");
            await scenario.RunAsync(settings.WarmUp, cancellationToken).ConfigureAwait(false);
        }
    }

    private IScenario ScenarioOf(string name, LoadServer server) => name switch
    {
        "produce" or "raw-produce" or "raw-durable" => new ProduceScenario(settings, server, live),
        "consume" or "raw-consume" => new ConsumeScenario(settings, server, live),
        "both" => new BothScenario(settings, server, live),
        "latency" => new LatencyScenario(settings, server, live),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "There is no such scenario."),
    };

    private LoadResult Result(
        string name, LoadServer server, List<Window> windows, List<Window> rawWindows, ServerUsage? usage)
    {
        if (windows.Exists(window => window.Records == 0) || rawWindows.Exists(window => window.Records == 0))
        {
            throw new CliException($"{name}: no record came through in one of the timed windows, so there is nothing to report");
        }

        var result = new LoadResult(
            name,
            settings,
            windows.Sum(window => window.Records),
            TimeSpan.FromTicks(windows.Sum(window => window.Elapsed.Ticks)),
            windows[0].Latency is null ? null : LatencyHistogram.Sum(windows.Select(window => window.Latency!)),
            windows[0].LatencyFromSend is null ? null : LatencyHistogram.Sum(windows.Select(window => window.LatencyFromSend!)),
            usage?.Processor, usage?.RssAnonBytes, server.DiskBytes(), usage?.SyncCount, usage?.SyncMedianUs(), server.FileSystemType,
            RawRatio: null, windows, rawWindows);
        double rawSeconds = rawWindows.Sum(window => window.Elapsed.TotalSeconds);
        return rawWindows.Count == 0
            ? result
            : result with { RawRatio = result.RecordsPerSecond / (rawWindows.Sum(window => window.Records) / rawSeconds) };
    }
}
