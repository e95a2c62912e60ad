using System.CommandLine;
using System.CommandLine.Help;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Broker.Client;
using Broker.EndToEnd.ExactlyOnce;
using Broker.EndToEnd.Faults;
using Broker.EndToEnd.Faults.Errors;
using Broker.EndToEnd.Faults.FullDisk;
using Broker.EndToEnd.Faults.Pipeline;
using Broker.EndToEnd.Faults.Points;
using Broker.EndToEnd.Faults.Restarts;
using Broker.EndToEnd.Faults.Schedules;
using Broker.EndToEnd.Faults.Schedules.Transactions;
using Broker.EndToEnd.Faults.Syncs;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd;

/// <summary>One kind of fault run after the other, as the options say.</summary>
internal sealed class FaultsCommand
{
    /// <summary>The exit code of a run that was not asked for in the right way, or cannot be done here.</summary>
    public const int NotPossible = 2;

    private const int Good = 0, Bad = 1;

    // Memory is taken for what is written only: enough for hundreds of cycles.
    private const long PowerCutDiskBytes = 8L << 30, PointsDiskBytes = 1L << 30;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    private readonly Option<int?> _kills = new("--kills") { HelpName = "N", Description = "Kill the broker under load, in some lives after a pause or resets of its connections" };
    private readonly Option<int?> _powerCuts = new("--power-cuts") { HelpName = "N", Description = "Cut the power of its disk under load, mixed with the kills; needs root" };
    private readonly Option<int?> _restarts = new("--restarts") { HelpName = "N", Description = "Kill it within 2 s of serving and, every second time, in the middle of its start" };
    private readonly Option<int?> _graceful = new("--graceful-restarts") { HelpName = "N", Description = "Stop it in order under load and start it again: no client may see an error" };
    private readonly Option<int?> _schedules = new("--schedules") { HelpName = "N", Description = "Send it batches, and calls of transactions, held back, reordered and repeated, in N ways each and all orders of five" };
    private readonly Option<int?> _pipeline = new("--pipeline") { HelpName = "N", Description = "Read, process and write N flights in worker processes; kill those and the broker" };
    private readonly Option<int> _minutes = new("--minutes") { HelpName = "M", Description = "How long a pipeline runs; in each minute 5 workers and 1 broker are killed", DefaultValueFactory = _ => 10 };
    private readonly Option<DeliveryMode?> _delivery = new("--delivery") { Description = "How a pipeline delivers; all modes one after the other otherwise" };
    private readonly Option<int?> _failedSyncs = new("--failed-syncs") { HelpName = "N", Description = "Have a sync fail under load" };
    private readonly Option<int?> _fullDisks = new("--full-disk") { HelpName = "N", Description = "Fill its disk under load and give space back; needs root" };
    private readonly Option<string?> _errors = new("--errors") { HelpName = "N|all", Description = "Have N of the calls it makes on files, or each, fail: disk full, too large, too many files, I/O error" };
    private readonly Option<string?> _points = new("--persistence-points") { HelpName = "N|all", Description = "Crash it before N of the calls, or each, by which it makes something last" };
    private readonly Option<string> _below = new("--below") { HelpName = "DIRECTORY", Description = "Only persistence points below this directory of the data, such as journal", DefaultValueFactory = _ => "" };
    private readonly Option<Aftermath?> _aftermath = new("--aftermath") { Description = "What is there after a persistence point; all of them otherwise" };
    private readonly Option<long> _seed = new("--seed") { HelpName = "S", Description = "What is left to chance follows from it", DefaultValueFactory = _ => Seeds.Next() };
    private readonly Option<string?> _directory = new("--dir") { HelpName = "DIRECTORY", Description = "Where the data is, without power cuts; a new directory otherwise" };
    private readonly Option<string?> _json = new("--json") { HelpName = "FILE", Description = "Write the reports there" };
    private readonly Option<FileInfo> _broker = new Option<FileInfo>("--broker") { HelpName = "BROKER.DLL", Description = "Another build of the broker" }.AcceptExistingOnly();

    private ParseResult _parsed = null!;

    private FaultsCommand()
    {
        Array.ForEach([_errors, _points], option => option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is not "all" and var text && !(int.TryParse(text, CultureInfo.InvariantCulture, out int count) && count > 0))
            {
                result.AddError($"{option.Name} takes a number above 0 or all, not '{text}'.");
            }
        }));

        // Not found out only when the run is over.
        _json.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } file && !Directory.Exists(Path.GetDirectoryName(Path.GetFullPath(file))))
            {
                result.AddError($"--json: there is no directory for {file}.");
            }
        });
    }

    public static Command Build()
    {
        var command = new FaultsCommand();
        var root = new Command("tests/faults", "Ends a broker under load in bad ways and checks that nothing acked is lost, doubled or out of order.")
        {
            command._kills, command._powerCuts, command._restarts, command._graceful, command._schedules, command._pipeline, command._minutes, command._delivery,
            command._failedSyncs, command._fullDisks, command._errors, command._points, command._below, command._aftermath,
            command._seed, command._directory, command._json, command._broker, new HelpOption(), ClientsCommand.Build(),
        };
        root.SetAction((parsed, _) => command.RunAsync(parsed));
        return root;
    }

    private async Task<int> RunAsync(ParseResult parsed)
    {
        _parsed = parsed;
        BrokerCommandLine.Assembly = parsed.GetValue(_broker)?.FullName ?? BrokerCommandLine.Assembly;
        (Func<Task<IRunReport>> Run, string? Unavailable)[] runs = [.. Chosen()];
        if (runs.Length == 0)
        {
            await Console.Error.WriteLineAsync("There is nothing to do; tests/faults --help shows what can be done.");
            return NotPossible;
        }

        if (runs.Select(run => run.Unavailable).FirstOrDefault(reason => reason is not null) is { } unavailable)
        {
            await Console.Error.WriteLineAsync(unavailable);
            return NotPossible;
        }

        var reports = new List<object>();
        bool isGood = true;
        foreach ((Func<Task<IRunReport>> run, _) in runs)
        {
            IRunReport report = await run();
            reports.Add(report);
            isGood &= report.IsGood;
            Console.WriteLine(string.Join("\n  ", report.Examples.Prepend(report.ToString())));
        }

        if (parsed.GetValue(_json) is { } file)
        {
            await File.WriteAllTextAsync(file, JsonSerializer.Serialize(reports.Count == 1 ? reports[0] : reports, Indented));
        }

        return isGood ? Good : Bad;
    }

    private IEnumerable<(Func<Task<IRunReport>> Run, string? Unavailable)> Chosen()
    {
        long seed = _parsed.GetValue(_seed);
        var plan = new FaultPlan(_parsed.GetValue(_kills) ?? 0, _parsed.GetValue(_powerCuts) ?? 0, seed);
        if (plan.Kills + plan.PowerCuts > 0)
        {
            yield return (() => RunAsync(plan), plan.PowerCuts > 0 ? PowerCutDisk.Unavailable : null);
        }

        if (_parsed.GetValue(_restarts) is { } restarts)
        {
            yield return (() => InDirectoryAsync(data => new RestartRun(restarts, seed, data, Console.WriteLine).RunAsync()), null);
        }

        if (_parsed.GetValue(_graceful) is { } graceful)
        {
            yield return (() => InDirectoryAsync(data => new GracefulRun(graceful, seed, data, Console.WriteLine).RunAsync()), null);
        }

        if (_parsed.GetValue(_schedules) is { } schedules)
        {
            yield return (() => InDirectoryAsync(data => new ScheduleRun(schedules, seed, data, Console.WriteLine).RunAsync()), null);
            yield return (() => InDirectoryAsync(data => new TransactionScheduleRun(schedules, seed, data + "-transactions", Console.WriteLine).RunAsync()), null);
        }

        if (_parsed.GetValue(_pipeline) is { } records)
        {
            DeliveryMode[] modes = _parsed.GetValue(_delivery) is { } one ? [one] : [DeliveryMode.ExactlyOnce, DeliveryMode.AtLeastOnce, DeliveryMode.AtMostOnce];
            foreach (DeliveryMode mode in modes)
            {
                var pipeline = PipelinePlan.Of(mode, records, _parsed.GetValue(_minutes), seed);
                yield return (() => InDirectoryAsync(data => new PipelineRun(pipeline, Path.Combine(data, mode.ToString()), Console.WriteLine).RunAsync()), null);
            }
        }

        if (_parsed.GetValue(_failedSyncs) is { } syncs)
        {
            yield return (() => InDirectoryAsync(data => new FailedSyncRun(syncs, seed, data, Console.WriteLine).RunAsync()), Strace.Unavailable);
        }

        if (_parsed.GetValue(_fullDisks) is { } fullDisks)
        {
            yield return (async () => await new FullDiskRun(fullDisks, seed, Console.WriteLine).RunAsync(), PowerCutDisk.Unavailable);
        }

        if (_parsed.GetValue(_errors) is { } errors)
        {
            yield return (() => InDirectoryAsync(data => new ErrorRun(data, Console.WriteLine).RunAsync(Count(errors))), Strace.Unavailable);
        }

        if (_parsed.GetValue(_points) is { } points)
        {
            yield return (() => RunPointsAsync(Count(points)), PowerCutDisk.Unavailable ?? Strace.Unavailable);
        }
    }

    /// <returns>0 for all.</returns>
    private static int Count(string text) => text == "all" ? 0 : int.Parse(text, CultureInfo.InvariantCulture);

    private async Task<IRunReport> RunAsync(FaultPlan plan)
    {
        if (plan.PowerCuts == 0)
        {
            return await InDirectoryAsync(data => new FaultRun(plan, data, disk: null, Console.WriteLine).RunAsync());
        }

        using var disk = new PowerCutDisk(PowerCutDiskBytes);
        string data = Path.Combine(disk.Directory, "data");
        FaultReport report = await new FaultRun(plan, data, disk, Console.WriteLine).RunAsync();
        if (!report.IsGood)
        {
            using var kept = new TemporaryDirectory { IsKept = true };
            SystemCommand.Run("cp", "-a", data, kept.Path);
            TellWhere(kept.Path);
        }

        return report;
    }

    private async Task<IRunReport> RunPointsAsync(int points)
    {
        using var disk = new PowerCutDisk(PointsDiskBytes);
        Aftermath[] aftermaths = _parsed.GetValue(_aftermath) is { } one ? [one] : Enum.GetValues<Aftermath>();
        return await new PersistencePointRun(disk, Console.WriteLine).RunAsync(points, _parsed.GetValue(_below)!, aftermaths);
    }

    private async Task<IRunReport> InDirectoryAsync<T>(Func<string, Task<T>> run)
        where T : IRunReport
    {
        using var temporary = new TemporaryDirectory();
        string data = _parsed.GetValue(_directory) ?? Path.Combine(temporary.Path, "data");
        T report = await run(data);
        temporary.IsKept = !report.IsGood;
        if (!report.IsGood)
        {
            TellWhere(data);
        }

        return report;
    }

    private void TellWhere(string path) =>
        Console.WriteLine($"The data is kept in {path}. Again: the same arguments with --seed {_parsed.GetValue(_seed)}");
}
