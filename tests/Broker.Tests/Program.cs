using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Broker.Tests.Corruption;
using Broker.Tests.Tidy;
using Broker.Tests.Upgrade;

namespace Broker.Tests;

/// <summary>What is run by hand with the code of the tests: tests/golden, tests/corruption and tests/public-api call it.</summary>
internal static class Program
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static async Task<int> Main(string[] args)
    {
        switch (args)
        {
            case ["golden", { } name]:
                await GoldenMaker.MakeAsync(GoldenDirectory.Folder, name);
                return 0;
            case ["corruption", ..]:
                return await CorruptAsync(args[1..]);
            case ["public-api"] or ["public-api", "--accept"]:
                return await ComparePublicApiAsync(accept: args.Length == 2);
            default:
                await Console.Error.WriteLineAsync("Usage: tests/golden NAME, tests/public-api [--accept], or tests/corruption [--seed S] [--every-bit] [--damages N] [--json FILE]");
                return 2;
        }
    }

    private static async Task<int> ComparePublicApiAsync(bool accept)
    {
        string listed = File.Exists(PublicApi.File) ? (await File.ReadAllTextAsync(PublicApi.File)).ReplaceLineEndings("\n") : "";
        string found = PublicApi.Listing();
        foreach (string difference in PublicApi.Differences(listed, found))
        {
            Console.WriteLine(difference);
        }

        if (accept)
        {
            await File.WriteAllTextAsync(PublicApi.File, found);
        }

        return accept || listed == found ? 0 : 1;
    }

    private static async Task<int> CorruptAsync(string[] args)
    {
        long seed = Stopwatch.GetTimestamp() & int.MaxValue;
        int damages = 1000;
        bool everyBit = false;
        string? jsonFile = null;
        for (int at = 0; at < args.Length; at++)
        {
            string? value = at + 1 < args.Length ? args[at + 1] : null;
            bool isKnown = (args[at], value) switch
            {
                ("--every-bit", _) => everyBit = true,
                ("--seed", not null) => int.TryParse(value, CultureInfo.InvariantCulture, out int given) && (seed = given) >= 0,
                ("--damages", not null) => int.TryParse(value, CultureInfo.InvariantCulture, out damages) && damages > 0,
                ("--json", not null) => (jsonFile = value) is not null,
                _ => false,
            };
            if (!isKnown)
            {
                await Console.Error.WriteLineAsync($"'{args[at]} {value}' is not understood. Usage: tests/corruption [--seed S] [--every-bit] [--damages N] [--json FILE]");
                return 2;
            }

            at += args[at] == "--every-bit" ? 0 : 1;
        }

        Console.WriteLine($"seed {seed}{(everyBit ? ", every bit" : "")}, {damages} random damages");
        List<Tally> tallies = await CorruptionRun.RunAsync(seed, everyBit, damages, Console.WriteLine);
        if (jsonFile is not null)
        {
            await File.WriteAllTextAsync(jsonFile, JsonSerializer.Serialize(new { seed, everyBit, tallies }, Indented));
        }

        bool isGood = tallies.All(t => t.IsGood);
        Console.WriteLine(
            $"{tallies.Sum(t => t.Damages):N0} damages in {tallies.Sum(t => t.Seconds):F0} s: {tallies.Sum(t => t.Forbidden)} forbidden, "
            + $"{tallies.Sum(t => t.Unexpected)} unexpected outcomes, {tallies.Count(t => t.Damages == 0)} kinds without work. {(isGood ? "Good." : "Not good.")}");
        return isGood ? 0 : 1;
    }
}
