using Broker.Checker.Histories;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>
/// Clients in a process of their own that is killed at random, while it has a transaction open, and started again: under the same
/// names, which ends what was open. Each writes a part of the history.
/// </summary>
/// <param name="directory">Where the parts are.</param>
internal sealed class KilledClients(ClientSettings settings, int section, string directory) : IAsyncDisposable
{
    // From when it has a transaction open on.
    private const int LifeMaxMs = 12_000;

    private readonly BackgroundLoop _loop = new();
    private readonly List<HistoryPart> _parts = [];
    private readonly Random _random = new(unchecked((int)settings.Seed) ^ section);

    /// <summary>How often the process was killed.</summary>
    public int Kills => _parts.Count;

    /// <summary>What the killed ones have written.</summary>
    public IReadOnlyList<HistoryPart> Parts => _parts;

    public void Start() => _loop.Start(RunAsync);

    /// <summary>Kills the last one.</summary>
    public Task StopAsync() => _loop.StopAsync();

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task RunAsync()
    {
        string? left = null;
        for (int life = 0; !_loop.Stopping.IsCancellationRequested; life++)
        {
            string path = Path.Combine(directory, $"client-{life}.jsonl");
            await using RunningProgram program = RunningProgram.StartDotnet(
                directory,
                [typeof(KilledClients).Assembly.Location, .. ClientsCommand.Arguments(settings.Server, section, path, settings.Seed, life, left)]);
            await program.WaitForAsync(output => output.Contains(ClientsCommand.Staged, StringComparison.Ordinal) || _loop.Stopping.IsCancellationRequested);
            await Task.Delay(_random.Next(LifeMaxMs), _loop.Stopping).ContinueWith(
                _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await program.EndAsync(Signals.Kill);
            left = ClientsCommand.StagedIn(program.Output);
            if (File.Exists(path))
            {
                _parts.Add(new HistoryPart(path, settings.History.NowNs));
            }
        }
    }
}
