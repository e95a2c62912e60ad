using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Broker.EndToEnd;

/// <summary>A <c>broker serve</c> on a data directory and port of its own, which can be killed and started again.</summary>
internal sealed class ServeProcess : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly StringBuilder _log = new();
    private readonly string[] _settings;
    private Process? _process;

    public ServeProcess(params string[] settings)
    {
        DataDirectory = Directory.CreateTempSubdirectory("broker-e2e-").FullName;
        Server = $"127.0.0.1:{FreePort()}";
        _settings = ["serve", $"--data_dir={DataDirectory}", $"--grpc.listen={Server}", $"--http.listen=127.0.0.1:{FreePort()}", .. settings];
    }

    public string DataDirectory { get; }

    public string Server { get; }

    /// <summary>What the process has said so far.</summary>
    public string Log
    {
        get
        {
            lock (_log)
            {
                return _log.ToString();
            }
        }
    }

    /// <summary>Starts it and waits until it answers.</summary>
    public async Task StartAsync()
    {
        _process = Process.Start(CliRun.StartInfo(_settings))!;
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var waited = Stopwatch.StartNew();
        while (!await AnswersAsync())
        {
            Assert.False(_process.HasExited, $"broker serve ended at once: {Log}");
            Assert.True(waited.Elapsed < Patience, $"broker serve did not answer within {Patience}: {Log}");
        }
    }

    /// <summary>Kills it as kill -9 does.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _process = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
        }

        Directory.Delete(DataDirectory, recursive: true);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<bool> AnswersAsync() => (await CliRun.RunAsync("status", "--server", Server)).ExitCode == 0;

    private void Append(string? line)
    {
        lock (_log)
        {
            _log.AppendLine(line);
        }
    }
}
