using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using System.Text.Json;

namespace Broker.Simulation;

/// <summary>Seeds by hand; tests/simulate calls it.</summary>
internal static class Program
{
    private const int Good = 0, Bad = 1, NotUnderstood = 2;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static int Main(string[] args)
    {
        ParseResult parsed = Build().Parse(args);
        int code = parsed.Invoke();
        return parsed.Errors.Count > 0 ? NotUnderstood : code;
    }

    private static Command Build()
    {
        var seeds = new Option<int?>("--seeds") { Description = "How many, one after the other [default: 1000]", HelpName = "N" };
        var first = new Option<ulong?>("--seed")
        {
            Description = "The first of them, from 1 on without it; without --seeds the only one, and all that happens in it is printed",
            HelpName = "S",
        };
        var jobs = new Option<int>("--jobs") { Description = "How many at once", HelpName = "J", DefaultValueFactory = _ => Environment.ProcessorCount };
        var json = new Option<FileInfo?>("--json") { Description = "Write the report there", HelpName = "FILE" };
        seeds.Validators.Add(AtLeastOne);
        jobs.Validators.Add(AtLeastOne);
        json.Validators.Add(CanBeWritten);
        var root = new Command("tests/simulate", "Runs the engine on a simulated disk and checks that no crash loses, doubles or changes what was promised.")
        {
            seeds, first, jobs, json, new HelpOption(),
        };
        root.SetAction(parsed => parsed.GetValue(first) is { } seed && parsed.GetValue(seeds) is null
            ? Replay(seed)
            : RunRange(parsed.GetValue(first) ?? 1, parsed.GetValue(seeds) ?? 1000, parsed.GetValue(jobs), parsed.GetValue(json)));
        return root;
    }

    private static void AtLeastOne(OptionResult result)
    {
        // What is no number at all is told of by the option itself.
        if (result.Tokens is [Token only] && long.TryParse(only.Value, out long count) && count < 1)
        {
            result.AddError($"{result.Option.Name} takes a number from 1 on.");
        }
    }

    /// <summary>Not found out only when the run is over.</summary>
    private static void CanBeWritten(OptionResult result)
    {
        if (result.Tokens is [Token only] && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(only.Value))))
        {
            result.AddError($"{result.Option.Name}: there is no directory for {only.Value}.");
        }
    }

    private static int Replay(ulong seed)
    {
        SeedResult result = SimulationRun.Run(seed, Console.Out);
        Console.WriteLine(result.Failure is null ? $"Seed {seed} holds, trace {result.TraceHash:x16}." : $"Seed {seed}: {result.Failure}");
        return result.Failure is null ? Good : Bad;
    }

    private static int RunRange(ulong first, int seeds, int jobs, FileInfo? json)
    {
        SimulationReport report = SeedRange.Run(first, seeds, jobs, Console.WriteLine);
        Console.WriteLine(report);
        if (json is not null)
        {
            File.WriteAllText(json.FullName, JsonSerializer.Serialize(report, Indented));
        }

        return report.IsGood ? Good : Bad;
    }
}
