using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Broker.EndToEnd.Harness;

/// <summary>
/// A real broker in a process of its own: <c>broker serve</c> from the build output, on loopback, in a directory of the
/// caller's. It can be killed and started again on the same directory and ports as often as wanted.
/// </summary>
/// <remarks>Not thread-safe, except <see cref="Output"/> and <see cref="MetricsAsync"/>.</remarks>
internal sealed class BrokerProcess : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ReadyPollInterval = TimeSpan.FromMilliseconds(2);

    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(10) };
    private readonly ProcessOutput _output = new();
    private const int PortMin = 20_000, PortCount = 12_000;

    // Other runs on this machine begin elsewhere.
    private static int _portsAsked = Environment.ProcessId * 61;

    private readonly int _grpcPort = FreePort();
    private readonly int _httpPort = FreePort();
    private readonly string[] _settings;
    private readonly EventHandler _onExit;
    private TemporaryDirectory? _temporary;
    private Process? _process;

    /// <param name="dataDirectory">Kept as it is, also when this is disposed.</param>
    /// <param name="settings">Settings as the command line takes them, such as --journal.file_bytes=1MiB.</param>
    public BrokerProcess(string dataDirectory, params string[] settings)
    {
        DataDirectory = Path.GetFullPath(dataDirectory);
        _settings = settings;

        // An interrupted run leaves no broker behind.
        _onExit = (_, _) => _process?.Kill();
        AppDomain.CurrentDomain.ProcessExit += _onExit;
    }

    /// <summary>A broker on a new directory, which is deleted with it.</summary>
    public static BrokerProcess Temporary(params string[] settings)
    {
        var directory = new TemporaryDirectory();
        return new BrokerProcess(Path.Combine(directory.Path, "data"), settings) { _temporary = directory };
    }

    public string DataDirectory { get; }

    /// <summary>What is run, by an assembly and the words that its command line begins with.</summary>
    public (string Assembly, string[] Words) Command { get; init; } = (BrokerCommandLine.Assembly, ["serve"]);

    /// <summary>What stands before the command in its command line from the next start on, such as strace and its arguments.</summary>
    public IReadOnlyList<string> LaunchedBy { get; set; } = [];

    /// <summary>For clients: host and port.</summary>
    public string Server => $"127.0.0.1:{_grpcPort}";

    public Uri HttpAddress => new($"http://127.0.0.1:{_httpPort}/");

    public int ProcessId => Running.Id;

    /// <summary>Everything that all runs have written so far, the newest last; bounded.</summary>
    public string Output => _output.Text;

    /// <summary>After a failure that was meant: what is written from now on is judged.</summary>
    public void ForgetOutput() => _output.Clear();

    private Process Running => _process ?? throw new InvalidOperationException("The broker is not running.");

    /// <summary>Starts the process without waiting for it to serve.</summary>
    public void Launch()
    {
        if (_process is not null)
        {
            throw new InvalidOperationException("The broker is running already.");
        }

        Directory.CreateDirectory(DataDirectory);
        ProcessStartInfo start = BrokerCommandLine.StartInfoOf(
            Command.Assembly, [.. Command.Words, $"--data_dir={DataDirectory}", $"--grpc.listen={Server}", $"--http.listen=127.0.0.1:{_httpPort}", .. _settings]);
        // Here nobody left a broker.yaml of their own.
        start.WorkingDirectory = DataDirectory;
        if (LaunchedBy.Count > 0)
        {
            string[] command = [.. LaunchedBy, start.FileName, .. start.ArgumentList];
            start.FileName = command[0];
            start.ArgumentList.Clear();
            Array.ForEach(command[1..], start.ArgumentList.Add);
        }

        _process = Process.Start(start) ?? throw new InvalidOperationException("The broker did not start.");
        _output.Follow(_process);
    }

    /// <summary>Starts the process and waits until it says that it is ready.</summary>
    /// <returns>The time from the start of the process until then.</returns>
    public async Task<TimeSpan> StartAsync()
    {
        long started = Stopwatch.GetTimestamp();
        Launch();
        while (!await IsReadyAsync())
        {
            if (Running.HasExited)
            {
                int code = Running.ExitCode;
                await ForgetAsync();
                throw new InvalidOperationException($"The broker exited with code {code} while starting:\n{Output}");
            }

            if (Stopwatch.GetElapsedTime(started) > StartTimeout)
            {
                await KillAsync();
                throw new InvalidOperationException($"The broker was not ready after {StartTimeout}:\n{Output}");
            }

            await Task.Delay(ReadyPollInterval);
        }

        return Stopwatch.GetElapsedTime(started);
    }

    /// <summary>SIGKILL. Returns when the process is gone.</summary>
    /// <exception cref="InvalidOperationException">It was gone before: then it was not this that ended it.</exception>
    public async Task KillAsync()
    {
        if (Running.HasExited)
        {
            throw new InvalidOperationException($"The broker had ended by itself with code {Running.ExitCode}:\n{Output}");
        }

        Running.Kill();
        await ForgetAsync();
    }

    /// <summary>SIGSTOP. Returns when no thread runs any more; <see cref="Resume"/> or <see cref="KillAsync"/> ends it.</summary>
    public Task PauseAsync() => Signals.PauseAsync(Running.Id);

    /// <summary>SIGCONT: it goes on where it was.</summary>
    public void Resume() => Signals.Send(Running.Id, Signals.Continue);

    /// <summary>Returns when the process has ended, by itself or because somebody ended it, and its exit code.</summary>
    public async Task<int> ExitAsync()
    {
        Process process = Running;
        await process.WaitForExitAsync();
        int code = process.ExitCode;
        await ForgetAsync();
        return code;
    }

    /// <summary>SIGTERM. Returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        Signals.Send(Running.Id, Signals.Terminate);
        using var timeout = new CancellationTokenSource(StopTimeout);
        try
        {
            await Running.WaitForExitAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
            throw new TimeoutException($"The broker did not stop within {StopTimeout}:\n{Output}");
        }

        int code = Running.ExitCode;
        await ForgetAsync();
        return code;
    }

    public async Task<Metrics> MetricsAsync() => Metrics.Parse(await _http.GetStringAsync(new Uri(HttpAddress, "metrics")));

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            await KillAsync();
        }

        AppDomain.CurrentDomain.ProcessExit -= _onExit;
        _process?.Dispose();
        _http.Dispose();
        _temporary?.Dispose();
    }

    /// <summary>Whether it says that it serves.</summary>
    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using HttpResponseMessage response = await _http.GetAsync(new Uri(HttpAddress, "readyz"));
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // Nobody listens yet.
        }
    }

    private async Task ForgetAsync()
    {
        await Running.WaitForExitAsync();
        Running.Dispose();
        _process = null;
    }

    /// <summary>
    /// One that nobody is given who asks for any: such a port may be taken for a connection while the broker that has it is down.
    /// </summary>
    private static int FreePort()
    {
        while (true)
        {
            int port = PortMin + (int)((uint)Interlocked.Increment(ref _portsAsked) % PortCount);
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
                // Another one, then.
            }
        }
    }
}
