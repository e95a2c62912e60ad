using System.Globalization;
using System.Text.Json;
using Broker.EndToEnd.Faults;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd;

/// <summary>The kill run by hand: <c>--kills N --seed S --json FILE --dir DIRECTORY</c>. tests/faults calls it.</summary>
internal static class Program
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static async Task<int> Main(string[] args)
    {
        int kills = 20;
        long seed = Seeds.Next();
        string? jsonFile = null, directory = null;
        for (int at = 0; at < args.Length; at += 2)
        {
            string? value = at + 1 < args.Length ? args[at + 1] : null;
            bool isKnown = (args[at], value) switch
            {
                ("--kills", not null) => int.TryParse(value, CultureInfo.InvariantCulture, out kills) && kills > 0,
                ("--seed", not null) => long.TryParse(value, CultureInfo.InvariantCulture, out seed),
                ("--json", not null) => (jsonFile = value) is not null,
                ("--dir", not null) => (directory = value) is not null,
                _ => false,
            };
            if (!isKnown)
            {
                await Console.Error.WriteLineAsync($"'{args[at]} {value}' is not understood. Usage: tests/faults [--kills N] [--seed S] [--json FILE] [--dir DIRECTORY]");
                return 2;
            }
        }

        using var temporary = new TemporaryDirectory();
        var run = new KillRun(kills, seed, directory ?? Path.Combine(temporary.Path, "data"), Console.WriteLine);
        KillReport report = await run.RunAsync();
        Console.WriteLine(report);
        if (jsonFile is not null)
        {
            await File.WriteAllTextAsync(jsonFile, JsonSerializer.Serialize(report, Indented));
        }

        if (!report.IsGood && directory is null)
        {
            temporary.IsKept = true;
            Console.WriteLine($"The data is kept in {temporary.Path}. Again: tests/faults --kills {kills} --seed {seed}");
        }

        return report.IsGood ? 0 : 1;
    }
}
