using System.CommandLine;
using System.CommandLine.Help;
using Broker.Cli;
using Broker.Cli.Commands;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.EndToEnd.Harness;
using Broker.Load.Results;
using Broker.Load.Scenarios;

namespace Broker.Load.Commands;

/// <summary>The command tree of perf/load: a command for each scenario.</summary>
internal static class LoadCommand
{
    private static readonly (string Name, string Description, string Example)[] Scenarios =
    [
        ("produce", "Producers at full speed", "perf/load produce --size 100 --seconds 5 --partitions 1 --producers 1 --compression none --durability durable --spawn --json produce.json"),
        ("consume", "One consumer reads a filled topic, again and again", "perf/load consume --size 1024 --spawn"),
        ("both", "Producers at full speed while a consumer follows", "perf/load both --partitions 4 --spawn"),
        ("latency", "Records at a fixed rate, whatever becomes of those before: from when each was due until the consumer has it", "perf/load latency --rate 50000 --spawn --plot latency.svg"),
        ("raw", "What client and network reach with the broker's own service when the engine's calls are replaced: to produce and to consume", "perf/load raw --size 100"),
        ("raw-durable", "raw, producing, with one write and one sync for all that waits", "perf/load raw-durable --size 100"),
        ("suite", "All of them: 100 B and 1 KiB, latency at 10,000 and 50,000 records a second", "perf/load suite --spawn --json suite.json --plot suite.svg"),
    ];

    private static readonly string[] SuiteScenarios = ["raw", "raw-durable", "produce", "consume", "both"];
    private static readonly int[] SuiteSizes = [100, 1024], SuiteRates = [10_000, 50_000];

    /// <summary>What the user types.</summary>
    public const string Name = "perf/load";

    public static Command Build(CliHost host)
    {
        var examples = new Dictionary<Command, string[]>();
        var help = new HelpOption();
        var root = new Command(
            Name,
            "Measures a broker: every record passes the client within the timed window, differs from all others, and what is read is counted and checked.");
        root.Add(help);
        var shown = new HelpExamples((HelpAction)help.Action!, examples);
        help.Action = shown;
        foreach ((string name, string description, string example) in Scenarios)
        {
            var command = new Command(name, description);
            var options = new LoadOptions();
            options.AddTo(command);
            examples[command] = [example];
            command.SetAction((parsed, cancellation) => RunAsync(host, options, parsed, PlanOf(name, options, parsed), cancellation));
            root.Add(command);
        }

        examples[root] = [.. Scenarios.Select(scenario => scenario.Example)];
        root.SetAction(shown.Invoke);
        return root;
    }

    private static LoadSettings[] PlanOf(string name, LoadOptions options, ParseResult parsed)
    {
        if (name != "suite")
        {
            return [options.Read(parsed, name)];
        }

        return
        [
            .. from scenario in SuiteScenarios
               from size in SuiteSizes
               select options.Read(parsed, scenario) with { SizeBytes = size },
            .. from rate in SuiteRates select options.Read(parsed, "latency") with { Rate = rate },
        ];
    }

    private static async Task<int> RunAsync(
        CliHost host, LoadOptions options, ParseResult parsed, LoadSettings[] plan, CancellationToken cancellationToken)
    {
        BrokerCommandLine.Assembly = options.Broker(parsed)?.FullName ?? BrokerCommandLine.Assembly;
        var results = new List<LoadResult>();
        try
        {
            foreach (LoadSettings settings in plan)
            {
                await MeasureAsync(host, settings, results, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            // What was measured before a failure is worth seeing.
            if (results.Count > 0)
            {
                await ReportAsync(host, options, parsed, results).ConfigureAwait(false);
            }
        }

        return ExitCode.Ok;
    }

    private static async Task MeasureAsync(CliHost host, LoadSettings settings, List<LoadResult> results, CancellationToken cancellationToken)
    {
        var live = new LiveCount();
        Task<IReadOnlyList<LoadResult>> run = new LoadRun(settings, live).RunAsync(cancellationToken);
        await ProgressDisplay.ShowWhileAsync(
            host, run, total: null, () => live.Records, () => $"{settings.SizeBytes} B, {live.Phase}: {Human.Count(live.Records, "record")}").ConfigureAwait(false);
        results.AddRange(await run.ConfigureAwait(false));
    }

    private static async Task ReportAsync(CliHost host, LoadOptions options, ParseResult parsed, List<LoadResult> results)
    {
        string[] lines = [.. results.Select(ResultJson.Line)];
        if (parsed.GetRequiredValue(options.Output) == "json")
        {
            Array.ForEach(lines, host.Text.WriteLine);
        }
        else
        {
            ResultTable.Write(host, results);
        }

        if (options.JsonFile(parsed) is { } json)
        {
            await File.WriteAllLinesAsync(json, lines).ConfigureAwait(false);
        }

        if (options.PlotFile(parsed) is { } plot)
        {
            ResultPlot.Save(results, plot);
        }
    }
}
