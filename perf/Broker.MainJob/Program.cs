using System.Runtime.InteropServices;
using Broker.EndToEnd.Harness;

namespace Broker.MainJob;

/// <summary>What perf/main-job and perf/restart run.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        try
        {
            var arguments = new Arguments(args.AsSpan(1));
            string? directory = arguments.Text("--dir");
            BrokerCommandLine.Assembly = arguments.Text("--broker") ?? BrokerCommandLine.Assembly;
            Func<string, Task<int>> run = args[0] switch
            {
                "main-job" => MainJobRun.Prepare(arguments),
                "restart" => RestartRun.Prepare(arguments),
                _ => throw new ArgumentException($"'{args[0]}' is not known."),
            };
            arguments.Close();
            Console.WriteLine($"{RuntimeInformation.OSDescription}, {Environment.ProcessorCount} cores, {RuntimeInformation.FrameworkDescription}");
            using var temporary = new TemporaryDirectory();
            return await run(directory ?? Path.Combine(temporary.Path, "data"));
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            await Console.Error.WriteLineAsync($"error: {e.Message}");
            return 2;
        }
    }
}
