using System.Diagnostics;
using System.Text;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd;

/// <summary>A command as users run it: a process of its own, with exit code, output bytes and errors.</summary>
internal sealed record CliRun(int ExitCode, byte[] Output, string Error)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public string Text => Encoding.UTF8.GetString(Output);

    public string[] Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>The broker command.</summary>
    public static Task<CliRun> RunAsync(params string[] arguments) => RunAsync(BrokerCommandLine.StartInfo(arguments));

    /// <param name="start">With all three streams redirected.</param>
    /// <param name="input">For its standard input.</param>
    public static async Task<CliRun> RunAsync(ProcessStartInfo start, string input = "")
    {
        using Process process = Process.Start(start)!;
        Task write = WriteAsync(process, input);
        using var output = new MemoryStream();
        Task copy = process.StandardOutput.BaseStream.CopyToAsync(output);
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill();
            throw new TimeoutException($"{start.FileName} {string.Join(' ', start.ArgumentList)} did not end within {Patience}");
        }

        await Task.WhenAll(copy, write);
        return new CliRun(process.ExitCode, output.ToArray(), await error);
    }

    /// <summary>The broker command, which must succeed.</summary>
    public static async Task<CliRun> SucceedAsync(params string[] arguments)
    {
        CliRun run = await RunAsync(arguments);
        Assert.True(run.ExitCode == 0, $"broker {string.Join(' ', arguments)} ended with {run.ExitCode}: {run.Error}");
        return run;
    }

    private static async Task WriteAsync(Process process, string input)
    {
        try
        {
            await using (process.StandardInput)
            {
                await process.StandardInput.WriteAsync(input);
            }
        }
        catch (IOException)
        {
            // It ended without reading all of it: its exit code says more.
        }
    }
}
