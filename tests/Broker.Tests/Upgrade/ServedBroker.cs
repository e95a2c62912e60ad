using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Broker.Tests.Upgrade;

/// <summary>The real <c>broker serve</c> as a process of its own, with small files.</summary>
internal sealed class ServedBroker : IDisposable
{
    private readonly Process _process;

    private ServedBroker(Process process, string server)
    {
        _process = process;
        Server = server;
    }

    /// <summary>Host and port.</summary>
    public string Server { get; }

    /// <summary>Returns when it takes connections.</summary>
    public static async Task<ServedBroker> StartAsync(string dataDirectory)
    {
        string server = $"127.0.0.1:{FreePort()}";
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = Path.GetDirectoryName(dataDirectory) };
        string[] arguments =
        [
            Path.Combine(AppContext.BaseDirectory, "broker.dll"), "serve", $"--data_dir={dataDirectory}", $"--grpc.listen={server}",
            "--http.listen=127.0.0.1:0", "--journal.file_bytes=1MiB", "--journal.replay_bytes_max=2MiB", "--storage.reserve_bytes=0",
            "--storage.recycle_bytes_max=1MiB", "--retention.check_interval=100ms", "--log.level=warning",
        ];
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        var broker = new ServedBroker(Process.Start(start) ?? throw new InvalidOperationException("The broker did not start."), server);
        await broker.WaitUntilListeningAsync();
        return broker;
    }

    /// <summary>SIGTERM: the broker writes a checkpoint and ends.</summary>
    public async Task StopAsync()
    {
        using Process signal = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync();
        Assert.Equal(0, _process.ExitCode);
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            _process.WaitForExit();
        }

        _process.Dispose();
    }

    private async Task WaitUntilListeningAsync()
    {
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await socket.ConnectAsync(IPEndPoint.Parse(Server));
                return;
            }
            catch (SocketException) when (!_process.HasExited)
            {
                await Task.Delay(20);
            }
        }
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
