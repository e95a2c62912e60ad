using Broker.Cli;
using Broker.EndToEnd.Harness;
using Broker.Load.Raw;

namespace Broker.Load.Servers;

/// <summary>Where the servers of a run live: a directory that was empty, and every process that was started in it.</summary>
internal sealed class LoadGround : IAsyncDisposable
{
    private readonly LoadSettings _settings;
    private readonly TemporaryDirectory? _temporary;
    private readonly string _root;
    private readonly List<LoadServer> _servers = [];

    /// <exception cref="CliException">The directory cannot be used, holds something, or is not on a disk.</exception>
    public LoadGround(LoadSettings settings)
    {
        _settings = settings;
        _temporary = settings.DataDirectory is null ? new TemporaryDirectory() : null;
        _root = _temporary?.Path ?? Path.GetFullPath(settings.DataDirectory!);
        try
        {
            Directory.CreateDirectory(_root);
            FileSystem.Check(_root, settings.AcceptsAnyFileSystem);
            if (Directory.EnumerateFileSystemEntries(_root).Any())
            {
                throw new CliException($"the directory {_root} is not empty: name a new one with --data-dir", ExitCode.Usage);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CliException($"the directory {_root} cannot be used: {e.Message}", ExitCode.Usage);
        }
        catch
        {
            _temporary?.Dispose();
            throw;
        }
    }

    /// <summary>The broker of the settings, or raw.</summary>
    /// <param name="rawMode">Null: the broker.</param>
    public async Task<LoadServer> StartAsync(RawMode? rawMode, CancellationToken cancellationToken)
    {
        string directory = Path.Combine(_root, rawMode is { } mode ? $"raw-{mode}" : "broker");
        LoadServer server = rawMode is null && _settings.Server is { } address
            ? await LoadServer.FindAsync(address, cancellationToken).ConfigureAwait(false)
            : await LoadServer.SpawnAsync(_settings, directory, rawMode).ConfigureAwait(false);
        _servers.Add(server);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (LoadServer server in _servers)
        {
            await server.DisposeAsync().ConfigureAwait(false);
        }

        _temporary?.Dispose();
    }
}
