using System.CommandLine;
using System.CommandLine.Help;
using System.Diagnostics;
using System.Text.Json;
using Broker.Cli.Commands;
using Broker.Tests.Corruption;
using Broker.Tests.Tidy;
using Broker.Tests.Upgrade;

namespace Broker.Tests;

/// <summary>What is run by hand with the code of the tests: tests/golden, tests/corruption and tests/public-api call it.</summary>
internal static class Program
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <param name="args">The script's name, then its arguments.</param>
    public static async Task<int> Main(string[] args)
    {
        Command script = new[] { GoldenCommand(), CorruptionCommand(), PublicApiCommand() }.Single(command => command.Name == args[0]);
        script.Add(new HelpOption());
        ParseResult parsed = script.Parse(args[1..]);
        int code = await parsed.InvokeAsync();
        return parsed.Errors.Count > 0 ? 2 : code;
    }

    private static Command GoldenCommand()
    {
        var name = new Argument<string>("name") { Description = "What the new directory is called" };
        var command = new Command("tests/golden", "Makes a data directory as this version writes it, for later versions to open") { name };
        command.SetAction((parsed, _) => GoldenMaker.MakeAsync(GoldenDirectory.Folder, parsed.GetValue(name)!));
        return command;
    }

    private static Command PublicApiCommand()
    {
        var accept = new Option<bool>("--accept") { Description = "Write down what was found" };
        var command = new Command("tests/public-api", "Compares what the packages show with the lists of it") { accept };
        command.SetAction((parsed, _) => ComparePublicApiAsync(parsed.GetValue(accept)));
        return command;
    }

    private static Command CorruptionCommand()
    {
        Option<long?> seed = CommonOptions.LongNumber("--seed", "What is left to chance follows from it; a new one each time without it", "S", min: 0);
        var everyBit = new Option<bool>("--every-bit") { Description = "Flip each bit of a segment and of a journal file of 1 MiB, not a sample" };
        Option<int?> damages = CommonOptions.Number("--damages", "Random damages (default: 1000)", "N", min: 1);
        var json = new Option<FileInfo?>("--json") { Description = "Write the report there", HelpName = "FILE" };
        var command = new Command("tests/corruption", "Damages segments, journal and state in every way, and checks that nothing wrong is served and nothing lost in silence")
        {
            seed, everyBit, damages, json,
        };
        command.SetAction((parsed, _) => CorruptAsync(
            parsed.GetValue(seed) ?? (Stopwatch.GetTimestamp() & int.MaxValue),
            parsed.GetValue(everyBit),
            parsed.GetValue(damages) ?? 1000,
            parsed.GetValue(json)));
        return command;
    }

    private static async Task<int> ComparePublicApiAsync(bool accept)
    {
        bool areSame = true;
        foreach (PublicApi package in PublicApi.Packages)
        {
            string found = package.Listing();
            foreach (string difference in PublicApi.Differences(package.Listed, found))
            {
                Console.WriteLine(difference);
            }

            areSame &= package.Listed == found;
            if (accept)
            {
                await File.WriteAllTextAsync(package.File, found);
            }
        }

        return accept || areSame ? 0 : 1;
    }

    private static async Task<int> CorruptAsync(long seed, bool everyBit, int damages, FileInfo? json)
    {
        Console.WriteLine($"seed {seed}{(everyBit ? ", every bit" : "")}, {damages} random damages");
        List<Tally> tallies = await CorruptionRun.RunAsync(seed, everyBit, damages, Console.WriteLine);
        if (json is not null)
        {
            await File.WriteAllTextAsync(json.FullName, JsonSerializer.Serialize(new { seed, everyBit, tallies }, Indented));
        }

        bool isGood = tallies.All(t => t.IsGood);
        Console.WriteLine(
            $"{tallies.Sum(t => t.Damages):N0} damages in {tallies.Sum(t => t.Seconds):F0} s: {tallies.Sum(t => t.Forbidden)} forbidden, "
            + $"{tallies.Sum(t => t.Unexpected)} unexpected outcomes, {tallies.Count(t => t.Damages == 0)} kinds without work. {(isGood ? "Good." : "Not good.")}");
        return isGood ? 0 : 1;
    }
}
