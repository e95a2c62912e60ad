using System.Text.RegularExpressions;
using Broker.Client;
using Broker.EndToEnd.Faults.Points;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.Errors;

/// <summary>
/// Has one call of a broker fail while it does the same work each time. It may go on, refuse something, or end with a reason; what it
/// acked must be there, and nothing of what it refused.
/// </summary>
internal sealed partial class ErrorRun(string directory, Action<string> print)
{
    private static readonly TimeSpan ScriptMax = TimeSpan.FromSeconds(60);

    private int _runs;

    /// <param name="points">How many, spread evenly over all; 0 for each of them.</param>
    public async Task<ErrorReport> RunAsync(int points)
    {
        int count = points == 0 ? ErrorPoint.All.Count : Math.Min(points, ErrorPoint.All.Count);
        var results = new List<ErrorResult>();
        for (int at = 0; at < count; at++)
        {
            // The middle of each part.
            ErrorResult result = await FailAsync(ErrorPoint.All[(int)((at + 0.5) * ErrorPoint.All.Count / count)]);
            print(result.ToString());
            results.Add(result);
        }

        return new ErrorReport(results);
    }

    // 1234 fallocate(12</data/journal/00000000000000000001.journal>, …) = -1 ENOSPC (No space left on device) (INJECTED)
    [GeneratedRegex(@"^.*\(INJECTED\)$", RegexOptions.Multiline)]
    private static partial Regex Injected();

    [GeneratedRegex("""[<"](?<path>/[^>"]*)[>"]""")]
    private static partial Regex PathOf();

    private async Task<ErrorResult> FailAsync(ErrorPoint point)
    {
        string home = Path.Combine(directory, $"run-{++_runs}"), data = Path.Combine(home, "data"), calls = Path.Combine(home, "calls");
        Directory.CreateDirectory(home);
        var findings = new Findings();
        using var timeout = new CancellationTokenSource(ScriptMax);
        await using var broker = new BrokerProcess(data, ScriptedLoad.SmallFiles);
        var load = new ScriptedLoad(broker.Server);
        Task script = Task.CompletedTask;
        int? code = null;
        try
        {
            broker.LaunchedBy = Strace.Failing(calls, point.Call, point.Error, point.When);
            broker.Launch();
            script = Task.Run(() => load.RunAsync(timeout.Token));
            code = await EndAsync(broker, script, findings);
            broker.LaunchedBy = [];
            broker.ForgetOutput();
            await broker.StartAsync();
            await script;
            await load.CheckAsync(broker, findings, timeout.Token, mayRefuse: true);
        }
        catch (InvalidOperationException error)
        {
            findings.Add("no-restart", error.Message);
        }
        catch (BrokerException error)
        {
            findings.Add("script-failed", $"{error.Message}\n{broker.Output}");
        }
        catch (OperationCanceledException)
        {
            findings.Add("stuck", $"the script has not ended after {ScriptMax}:\n{broker.Output}");
        }

        await timeout.CancelAsync();
        await script.ContinueWith(_ => { }, TaskScheduler.Default);
        string[] files = [.. Injected().Matches(await File.ReadAllTextAsync(calls)).Select(line => FileOf(line.Value, data))];
        if (findings.Counts.Count == 0)
        {
            Directory.Delete(home, recursive: true);
        }

        return new ErrorResult(point, files, code, load.Acked, load.Refused, findings.Counts, findings.Examples);
    }

    private static string FileOf(string line, string data)
    {
        Match path = PathOf().Match(line);
        return path.Success ? Path.GetRelativePath(data, path.Groups["path"].Value) : line;
    }

    /// <summary>Lets the script run until the broker ends because of the error; otherwise it is stopped in order, which may fail as well.</summary>
    /// <returns>The exit code of a broker that ended by itself or could not stop in order; null for one that went on.</returns>
    private static async Task<int?> EndAsync(BrokerProcess broker, Task script, Findings findings)
    {
        int processId = broker.ProcessId;
        Task<int> exit = broker.ExitAsync();
        await Task.WhenAny(exit, script);
        bool isAsked = !exit.IsCompleted;
        if (isAsked)
        {
            Signals.Send(processId, Signals.Terminate);
        }

        int code = await exit;
        string said = broker.Output;
        bool isReasoned = said.Contains(" FTL ", StringComparison.Ordinal) || said.Contains(" ERR ", StringComparison.Ordinal) || said.Contains("error: ", StringComparison.Ordinal);
        if (code is not (0 or 1) || (code == 0 && !isAsked) || (code == 1 && !isReasoned))
        {
            findings.Add("bad-end", $"exit code {code}:\n{said}");
        }

        return code == 0 ? null : code;
    }
}
