using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Broker.EndToEnd.Faults;
using Broker.EndToEnd.Faults.Points;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd;

/// <summary>The fault runs by hand; tests/faults calls it.</summary>
internal static class Program
{
    private const string Usage =
        """
        Usage: tests/faults [--kills N] [--power-cuts N] [--seed S] [--json FILE] [--dir DIRECTORY] [--broker BROKER.DLL]
               tests/faults --persistence-points N|all [--json FILE] [--broker BROKER.DLL]
        """;

    // Memory is taken for what is written only: enough for hundreds of cycles.
    private const long DiskBytes = 8L << 30;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    public static async Task<int> Main(string[] args)
    {
        int kills = 20, powerCuts = 0;
        long seed = Seeds.Next();
        int? points = null;
        string? jsonFile = null, directory = null;
        for (int at = 0; at < args.Length; at += 2)
        {
            string? value = at + 1 < args.Length ? args[at + 1] : null;
            bool isKnown = (args[at], value) switch
            {
                ("--kills", not null) => TryCount(value, out kills),
                ("--power-cuts", not null) => TryCount(value, out powerCuts),
                ("--seed", not null) => long.TryParse(value, CultureInfo.InvariantCulture, out seed),
                ("--persistence-points", "all") => (points = 0) is not null,
                ("--persistence-points", not null) => TryCount(value, out int sample) && (points = sample) > 0,
                ("--json", not null) => (jsonFile = value) is not null,
                ("--dir", not null) => (directory = value) is not null,
                ("--broker", not null) => File.Exists(BrokerCommandLine.Assembly = Path.GetFullPath(value)),
                _ => false,
            };
            if (!isKnown)
            {
                await Console.Error.WriteLineAsync($"'{args[at]} {value}' is not understood. {Usage}");
                return 2;
            }
        }

        if (points is not null)
        {
            return await RunPointsAsync(points.Value, jsonFile);
        }

        if (kills + powerCuts == 0 || (powerCuts > 0 && PowerCutDisk.Unavailable is not null))
        {
            await Console.Error.WriteLineAsync(PowerCutDisk.Unavailable ?? $"There is nothing to do. {Usage}");
            return 2;
        }

        return await RunAsync(new FaultPlan(kills, powerCuts, seed), directory, jsonFile);
    }

    private static async Task<int> RunAsync(FaultPlan plan, string? directory, string? jsonFile)
    {
        using var temporary = new TemporaryDirectory();
        using PowerCutDisk? disk = plan.PowerCuts > 0 ? new PowerCutDisk(DiskBytes) : null;
        string data = disk is null ? directory ?? Path.Combine(temporary.Path, "data") : Path.Combine(disk.Directory, "data");
        FaultReport report = await new FaultRun(plan, data, disk, Console.WriteLine).RunAsync();
        Console.WriteLine(report);
        if (jsonFile is not null)
        {
            await File.WriteAllTextAsync(jsonFile, JsonSerializer.Serialize(report, Indented));
        }

        if (!report.IsGood && (disk is not null || directory is null))
        {
            temporary.IsKept = true;
            if (disk is not null)
            {
                SystemCommand.Run("cp", "-a", data, temporary.Path);
            }

            Console.WriteLine($"The data is kept in {temporary.Path}. Again: tests/faults {plan.Arguments}");
        }

        return report.IsGood ? 0 : 1;
    }

    private static async Task<int> RunPointsAsync(int points, string? jsonFile)
    {
        if ((PowerCutDisk.Unavailable ?? Strace.Unavailable) is { } reason)
        {
            await Console.Error.WriteLineAsync(reason);
            return 2;
        }

        using var disk = new PowerCutDisk(sizeBytes: 1L << 30);
        PointReport report = await new PersistencePointRun(disk, Console.WriteLine).RunAsync(points, Enum.GetValues<Aftermath>());
        Console.WriteLine(report);
        if (jsonFile is not null)
        {
            await File.WriteAllTextAsync(jsonFile, JsonSerializer.Serialize(report, Indented));
        }

        return report.IsGood ? 0 : 1;
    }

    private static bool TryCount(string text, out int count) => int.TryParse(text, CultureInfo.InvariantCulture, out count) && count >= 0;
}
