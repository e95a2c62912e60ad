using System.Diagnostics;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd;

/// <summary>Ctrl-C and its relatives, sent to the command as a process of its own.</summary>
public sealed class SignalTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(Signals.Interrupt)]
    [InlineData(Signals.Terminate)]
    public async Task A_broker_that_is_told_to_stop_ends_with_exit_code_0(int signal)
    {
        using var directory = new TemporaryDirectory();
        using Process serve = Start("serve", $"--data_dir={directory.Path}", "--grpc.listen=127.0.0.1:0", "--http.listen=127.0.0.1:0");
        await ReadUntilAsync(serve, "security");
        Signals.Send(serve.Id, signal);
        Assert.Contains("Stopped", await ReadUntilAsync(serve, "Stopped"), StringComparison.Ordinal);
        Assert.Equal((0, ""), await EndAsync(serve));
    }

    [Theory]
    [InlineData(Signals.Interrupt, 130)]
    [InlineData(Signals.Terminate, 143)]
    public async Task A_consume_that_follows_ends_with_the_signals_exit_code_and_one_line(int signal, int exitCode)
    {
        await using var broker = BrokerProcess.Temporary();
        await broker.StartAsync();
        await CliRun.SucceedAsync("topic", "create", "t", "--partitions", "1", "--server", broker.Server);
        using Process consume = Start("consume", "t", "--server", broker.Server);
        using Process produce = Start("produce", "t", "--server", broker.Server);
        await produce.StandardInput.WriteAsync("one\n");
        await produce.StandardInput.FlushAsync();
        Assert.Equal("one", await consume.StandardOutput.ReadLineAsync().WaitAsync(Patience));

        Signals.Send(consume.Id, signal);
        Assert.Equal((exitCode, "interrupted after 1 record"), await EndAsync(consume));
        Signals.Send(produce.Id, signal);
        Assert.Equal((exitCode, "interrupted: the record sent before was acknowledged"), await EndAsync(produce));
    }

    [Fact]
    public async Task A_consume_ends_when_its_reader_ends_also_while_nothing_comes()
    {
        await using var broker = BrokerProcess.Temporary();
        await broker.StartAsync();
        await CliRun.SucceedAsync("topic", "create", "t", "--partitions", "1", "--server", broker.Server);
        using Process consume = Start("consume", "t", "--from", "latest", "--server", broker.Server);
        consume.StandardOutput.Close();
        Assert.Equal((0, ""), await EndAsync(consume));
    }

    [Fact]
    public async Task A_demo_that_is_interrupted_ends_with_exit_code_0()
    {
        using Process demo = Start("demo");
        await ReadUntilAsync(demo, "stays up");
        Signals.Send(demo.Id, Signals.Interrupt);
        Assert.Equal((0, ""), await EndAsync(demo));
    }

    /// <summary>With Ctrl-C's signal on: shells turn it off for what they start in the background, and children inherit that.</summary>
    private static Process Start(params string[] arguments)
    {
        ProcessStartInfo info = BrokerCommandLine.StartInfo(arguments);
        if (OperatingSystem.IsLinux())
        {
            info.ArgumentList.Insert(0, info.FileName);
            info.ArgumentList.Insert(0, "--default-signal=INT");
            info.FileName = "env";
        }

        return Process.Start(info)!;
    }

    private static async Task<string> ReadUntilAsync(Process process, string words)
    {
        while (await process.StandardOutput.ReadLineAsync().WaitAsync(Patience) is { } line)
        {
            if (line.Contains(words, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"It ended without saying '{words}': {await process.StandardError.ReadToEndAsync()}");
    }

    private static async Task<(int ExitCode, string Error)> EndAsync(Process process)
    {
        string error = await process.StandardError.ReadToEndAsync().WaitAsync(Patience);
        await process.WaitForExitAsync().WaitAsync(Patience);
        return (process.ExitCode, error.TrimEnd());
    }
}
