using System.Diagnostics;
using System.Text;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd;

/// <summary>The broker command as users run it: a process of its own, with exit code, output bytes and errors.</summary>
internal sealed record CliRun(int ExitCode, byte[] Output, string Error)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public string Text => Encoding.UTF8.GetString(Output);

    public string[] Lines => Text.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static async Task<CliRun> RunAsync(params string[] arguments)
    {
        using Process process = Process.Start(BrokerCommandLine.StartInfo(arguments))!;
        process.StandardInput.Close();
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
            throw new TimeoutException($"broker {string.Join(' ', arguments)} did not end within {Patience}");
        }

        await copy;
        return new CliRun(process.ExitCode, output.ToArray(), await error);
    }

    /// <summary>As <see cref="RunAsync"/>, for a command that must succeed.</summary>
    public static async Task<CliRun> SucceedAsync(params string[] arguments)
    {
        CliRun run = await RunAsync(arguments);
        Assert.True(run.ExitCode == 0, $"broker {string.Join(' ', arguments)} ended with {run.ExitCode}: {run.Error}");
        return run;
    }
}
