using System.CommandLine;
using System.CommandLine.Help;
using System.Runtime.InteropServices;
using Broker.EndToEnd.Harness;
using Broker.MainJob.ExactlyOnce;

namespace Broker.MainJob;

/// <summary>What perf/main-job, perf/restart and perf/exactly-once run.</summary>
internal static class Program
{
    private static readonly Option<string?> Directory = new("--dir")
    {
        Description = "Where the broker keeps its data; a temporary directory, deleted afterwards, without it",
        HelpName = "directory",
        Recursive = true,
    };

    private static readonly Option<string?> Broker = new("--broker")
    {
        Description = "The broker to measure, by its broker.dll",
        HelpName = "file",
        Recursive = true,
    };

    /// <param name="args">The script's name, then its arguments.</param>
    public static async Task<int> Main(string[] args)
    {
        Command script = new[] { MainJobRun.Command(), RestartRun.Command(), ExactlyOnceCommand.Build() }.Single(command => command.Name == args[0]);
        Array.ForEach<Option>([Directory, Broker, new HelpOption()], script.Add);
        ParseResult parsed = script.Parse(args[1..]);
        int code = await parsed.InvokeAsync();
        return parsed.Errors.Count > 0 ? 2 : code;
    }

    /// <summary>Says where it runs, then runs it on a data directory.</summary>
    public static async Task<int> RunAsync(ParseResult parsed, Func<string, Task<int>> run)
    {
        BrokerCommandLine.Assembly = parsed.GetValue(Broker) ?? BrokerCommandLine.Assembly;
        Console.WriteLine($"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}");
        using var temporary = new TemporaryDirectory();
        return await run(parsed.GetValue(Directory) ?? Path.Combine(temporary.Path, "data"));
    }
}
