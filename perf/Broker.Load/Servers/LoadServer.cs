using Broker.Cli;
using Broker.Client;
using Broker.EndToEnd.Harness;
using Broker.Load.Raw;

namespace Broker.Load.Servers;

/// <summary>What a run is against: the broker or raw in a process of our own, or a broker that runs somewhere.</summary>
internal sealed class LoadServer : IAsyncDisposable
{
    // Retention and the disk's watch keep up with hundreds of megabytes a second.
    private static readonly string[] OwnSettings = ["--retention.check_interval=500ms"];

    // This program has the runtime's defaults, which are what clients have.
    private static readonly string[] AsTheBrokerIsCompiled = ["env", "DOTNET_TieredPGO=0"];

    private const int DiskLooksMax = 10;

    private readonly BrokerProcess? _process;

    private LoadServer(BrokerProcess? process, string address, string fileSystem, bool isRaw)
    {
        _process = process;
        Address = address;
        FileSystemType = fileSystem;
        IsRaw = isRaw;
    }

    public string Address { get; }

    public bool IsRaw { get; }

    /// <summary>Where the data is; "remote" when it is not ours.</summary>
    public string FileSystemType { get; }

    /// <summary>A broker that runs already: only its clients are seen.</summary>
    public static async Task<LoadServer> FindAsync(string address, CancellationToken cancellationToken)
    {
        await using var client = new BrokerClient(address);
        await client.Admin.GetServerInfoAsync(cancellationToken).ConfigureAwait(false);
        return new LoadServer(process: null, address, "remote", isRaw: false);
    }

    /// <param name="directory">Not there yet.</param>
    /// <param name="rawMode">Null: the broker.</param>
    public static async Task<LoadServer> SpawnAsync(LoadSettings settings, string directory, RawMode? rawMode)
    {
        string[] arguments = [.. OwnSettings, .. settings.BrokerSettings];
        var process = rawMode is { } mode
            ? new BrokerProcess(directory, arguments)
            {
                Command = (typeof(LoadServer).Assembly.Location, [Program.RawServerWord, mode.ToString()]),
                LaunchedBy = AsTheBrokerIsCompiled,
            }
            : new BrokerProcess(directory, arguments);
        try
        {
            await process.StartAsync().ConfigureAwait(false);
        }
        catch (InvalidOperationException e)
        {
            await process.DisposeAsync().ConfigureAwait(false);
            throw new CliException(e.Message);
        }

        return new LoadServer(process, process.Server, FileSystem.TypeOf(directory), rawMode is not null);
    }

    /// <summary>What the process has used so far; null when it is not ours.</summary>
    public async Task<ServerUsage?> UsageAsync() =>
        _process is null ? null : ServerUsage.Read(_process.ProcessId, await _process.MetricsAsync().ConfigureAwait(false));

    /// <summary>What the data directory occupies on the disk; null when it is not ours.</summary>
    public long? DiskBytes()
    {
        for (int attempt = 1; _process is not null; attempt++)
        {
            try
            {
                return 1024 * long.Parse(SystemCommand.Run("du", "-sk", _process.DataDirectory).Split('\t')[0]);
            }
            catch (InvalidOperationException) when (attempt < DiskLooksMax)
            {
                // A file that retention took away meanwhile is a failure to du.
            }
        }

        return null;
    }

    /// <summary>Why the server cannot go on, as far as it said so; empty when it runs.</summary>
    public string LastWords() => _process?.Output ?? "";

    public ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;
}
