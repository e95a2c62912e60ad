using System.Globalization;
using System.Text.Json;

namespace Broker.Simulation;

/// <summary>Seeds by hand: <c>--seeds N --seed S --jobs J --json FILE</c>. tests/simulate calls it.</summary>
internal static class Program
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static int Main(string[] args)
    {
        int seeds = 1000, jobs = Environment.ProcessorCount;
        ulong first = 1;
        bool isOne = false;
        string? jsonFile = null;
        for (int at = 0; at < args.Length; at += 2)
        {
            string? value = at + 1 < args.Length ? args[at + 1] : null;
            bool isKnown = (args[at], value) switch
            {
                ("--seeds", not null) => int.TryParse(value, CultureInfo.InvariantCulture, out seeds) && seeds > 0,
                ("--seed", not null) => ulong.TryParse(value, CultureInfo.InvariantCulture, out first) && (isOne = true),
                ("--jobs", not null) => int.TryParse(value, CultureInfo.InvariantCulture, out jobs) && jobs > 0,
                ("--json", not null) => (jsonFile = value) is not null,
                _ => false,
            };
            if (!isKnown)
            {
                Console.Error.WriteLine($"'{args[at]} {value}' is not understood. Usage: tests/simulate [--seeds N] [--seed S] [--jobs J] [--json FILE]");
                return 2;
            }
        }

        if (isOne && !args.Contains("--seeds"))
        {
            SeedResult result = SimulationRun.Run(first, Console.Out);
            Console.WriteLine(result.Failure is null ? $"Seed {first} holds, trace {result.TraceHash:x16}." : $"Seed {first}: {result.Failure}");
            return result.Failure is null ? 0 : 1;
        }

        SimulationReport report = SeedRange.Run(first, seeds, jobs, Console.WriteLine);
        Console.WriteLine(report);
        if (jsonFile is not null)
        {
            File.WriteAllText(jsonFile, JsonSerializer.Serialize(report, Indented));
        }

        return report.IsGood ? 0 : 1;
    }
}
