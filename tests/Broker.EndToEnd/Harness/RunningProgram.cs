using System.Diagnostics;

namespace Broker.EndToEnd.Harness;

/// <summary>A program that somebody wrote with the client, or the SDK's own command: followed while it runs, and ended with its owner.</summary>
internal sealed class RunningProgram : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(10);

    private readonly ProcessOutput _output = new();
    private readonly Process _process;
    private readonly string _commandLine;

    private RunningProgram(ProcessStartInfo start, string commandLine)
    {
        _commandLine = commandLine;
        _process = Process.Start(start) ?? throw new InvalidOperationException($"{_commandLine} did not start.");
        _process.StandardInput.Close();
        _output.Follow(_process);
    }

    /// <summary>Standard output and standard error, the last lines of both.</summary>
    public string Output => _output.Text;

    public static RunningProgram Start(string fileName, string workingDirectory, params string[] arguments)
    {
        // A shell starts what it puts in the background with SIGINT ignored, and every process below inherits that. A program
        // under test gets the signal as if started from a terminal.
        var start = new ProcessStartInfo("env", ["--default-signal=INT", fileName, .. arguments])
        {
            WorkingDirectory = workingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // What the test runner sets for its own build, and settings of the caller's, are not for this program.
        string[] foreign = ["MSBUILD", "BROKER_", "ASPNETCORE_", "VSTEST_"];
        foreach (string name in start.Environment.Keys.Where(key => foreign.Any(prefix => key.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))).ToArray())
        {
            start.Environment.Remove(name);
        }

        start.Environment["DOTNET_NOLOGO"] = "1";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        // A build leaves no process behind that waits for the next one.
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1";
        return new RunningProgram(start, $"{fileName} {string.Join(' ', arguments)}");
    }

    /// <summary>An assembly, or with further arguments a command of the .NET SDK.</summary>
    public static RunningProgram StartDotnet(string workingDirectory, params string[] arguments) =>
        Start(BrokerCommandLine.Dotnet, workingDirectory, arguments);

    /// <summary>A command of the .NET SDK that must succeed.</summary>
    public static Task DotnetAsync(string workingDirectory, params string[] arguments) =>
        SucceedAsync(BrokerCommandLine.Dotnet, workingDirectory, arguments);

    /// <returns>What it wrote.</returns>
    public static async Task<string> SucceedAsync(string fileName, string workingDirectory, params string[] arguments)
    {
        await using RunningProgram command = Start(fileName, workingDirectory, arguments);
        int code = await command.EndAsync();
        Assert.True(code == 0, $"{command._commandLine} ended with {code}:\n{command.Output}");
        return command.Output;
    }

    /// <summary>Waits until its output fulfils a condition; fails when it ends before.</summary>
    public async Task WaitForAsync(Func<string, bool> condition)
    {
        long started = Stopwatch.GetTimestamp();
        while (!condition(Output))
        {
            bool isOver = _process.HasExited || Stopwatch.GetElapsedTime(started) > Patience;
            Assert.False(isOver && !condition(Output), $"{_commandLine} {(_process.HasExited ? "ended" : "went on")} without saying what was expected:\n{Output}");
            await Task.Delay(PollInterval);
        }
    }

    /// <returns>Its exit code, after it has ended by itself or by this signal.</returns>
    public async Task<int> EndAsync(int? signal = null)
    {
        if (signal is { } number)
        {
            Signals.Send(_process.Id, number);
        }

        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"{_commandLine} did not end within {Patience}:\n{Output}");
        }

        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
    }
}
