using System.Diagnostics;

namespace Broker.EndToEnd.Harness;

/// <summary>Short commands of the system, such as mount.</summary>
internal static class SystemCommand
{
    /// <returns>What it wrote to standard output, without the last line's end.</returns>
    /// <exception cref="InvalidOperationException">It could not be started or ended with another code than 0; says what it wrote to standard error.</exception>
    public static string Run(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        Process process;
        try
        {
            process = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            throw new InvalidOperationException($"{command} cannot be started: {error.Message}", error);
        }

        using (process)
        {
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0
                ? output.TrimEnd('\n')
                : throw new InvalidOperationException($"{command} {string.Join(' ', arguments)}: {errors.Result.Trim()}");
        }
    }

    /// <returns>False when it failed.</returns>
    public static bool TryRun(string command, params string[] arguments)
    {
        try
        {
            Run(command, arguments);
            return true;
        }
        catch (InvalidOperationException)
        {
            return false;
        }
    }

    /// <summary>Whether a command of that name is on the PATH.</summary>
    public static bool Exists(string command) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(directory => File.Exists(Path.Combine(directory, command)));
}
