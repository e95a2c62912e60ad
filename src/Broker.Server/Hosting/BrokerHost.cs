using System.Net;
using System.Net.Sockets;
using Broker.Engine;
using Broker.Server.Configuration;
using Broker.Storage;

namespace Broker.Server.Hosting;

/// <summary>A running broker: the engine and its two ports.</summary>
/// <remarks>Thread-safe. Stops by itself when the journal fails; <see cref="Completion"/> tells.</remarks>
internal sealed class BrokerHost : IAsyncDisposable
{
    private const int Stopped = 0, Failed = 1, WrongSettings = 2;

    // After a failure of the journal the process is to be gone within a second: what each step of stopping gets, and all of them.
    private static readonly TimeSpan FailureGrace = TimeSpan.FromMilliseconds(100), FailureMax = TimeSpan.FromMilliseconds(250);

    private readonly BrokerParts _parts;
    private readonly ListenSockets _sockets;
    private readonly TimeSpan _stopTimeout;
    private readonly Action<int>? _endNow;
    private readonly TaskCompletionSource<int> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isStopping;

    private BrokerHost(BrokerSettings settings, BrokerParts parts, ListenSockets sockets, Action<int>? endNow)
    {
        _parts = parts;
        _sockets = sockets;
        _endNow = endNow;
        _stopTimeout = settings.Duration("shutdown.timeout");
        Banner = Hosting.Banner.Lines(settings, parts.Facts, parts.Engine, sockets, parts.Health.Problems());
    }

    /// <summary>Where clients connect, with the real port.</summary>
    public IPEndPoint GrpcEndPoint => _sockets.GrpcEndPoint;

    /// <summary>Where /metrics, /livez and /readyz are.</summary>
    public IPEndPoint HttpEndPoint => _sockets.HttpEndPoint;

    /// <summary>Absolute.</summary>
    public string DataDirectory => _parts.Facts.DataDirectory;

    /// <summary>What a person wants to know at start, line by line.</summary>
    public IReadOnlyList<string> Banner { get; }

    /// <summary>Ends when the broker has stopped: with 0 on request, with 1 when it failed.</summary>
    public Task<int> Completion => _completion.Task;

    internal BrokerEngine Engine => _parts.Engine;

    /// <summary>As if a call had found the broker in a state that cannot be.</summary>
    internal void Raise(Exception cause) => _parts.Fatal.Raise(cause);

    /// <summary>Runs a broker until <paramref name="stop"/>: the whole of the serve command.</summary>
    /// <param name="args">--key=value…, as docs/operations.md lists them.</param>
    /// <param name="output">Banner and log.</param>
    /// <param name="error">One line for each reason why it did not start.</param>
    /// <param name="endNow">See <see cref="BrokerHostOptions.EndNow"/>.</param>
    /// <returns>The exit code: 0 stopped on request, 1 failed, 2 wrong settings.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken stop, Action<int>? endNow = null)
    {
        try
        {
            BrokerSettings settings = BrokerSettings.Load(args);
            TextWriter log = TextWriter.Synchronized(output);
            BrokerHost host = await StartAsync(settings, new BrokerHostOptions { Log = log, EndNow = endNow }).ConfigureAwait(false);
            host.Announce(settings, log);
            await using (stop.UnsafeRegister(static state => _ = ((BrokerHost)state!).StopAsync(), host).ConfigureAwait(false))
            {
                int code = await host.Completion.ConfigureAwait(false);
                Task closing = host.DisposeAsync().AsTask();
                await (code == Failed ? Task.WhenAny(closing, Task.Delay(FailureGrace, CancellationToken.None)) : closing).ConfigureAwait(false);
                return code;
            }
        }
        catch (SettingsException e)
        {
            foreach (string problem in e.Problems)
            {
                await error.WriteLineAsync($"error: {problem}").ConfigureAwait(false);
            }

            return WrongSettings;
        }
        catch (BrokerStartException e)
        {
            await error.WriteLineAsync($"error: {e.Message}").ConfigureAwait(false);
            return Failed;
        }
    }

    /// <summary>Starts a broker; when this returns it serves.</summary>
    /// <exception cref="BrokerStartException">A port or the data directory cannot be used.</exception>
    public static async Task<BrokerHost> StartAsync(BrokerSettings settings, BrokerHostOptions? options = null)
    {
        options ??= new BrokerHostOptions();
        if (options.IsWindows)
        {
            throw new BrokerStartException(
                "The broker itself does not run on Windows: use its container, or WSL 2. Clients and commands do.");
        }

        ListenSockets sockets = ListenSockets.Bind(settings);
        BrokerParts parts = BrokerParts.Open(settings, options, sockets);
        try
        {
            var host = new BrokerHost(settings, parts, sockets, options.EndNow);
            await parts.StartAsync().ConfigureAwait(false);
            _ = host.WatchJournalAsync();
            _ = host.WatchErrorsAsync();
            return host;
        }
        catch (Exception e)
        {
            await parts.DisposeAsync().ConfigureAwait(false);
            if (e is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
            {
                // Somebody who had bound a port as well was the first to listen on it.
                throw new BrokerStartException(
                    $"{sockets.GrpcEndPoint} or {sockets.HttpEndPoint} is in use by another process, perhaps another broker. "
                    + "Choose others with --grpc.listen=ADDRESS:PORT and --http.listen=ADDRESS:PORT.",
                    e);
            }

            throw;
        }
    }

    /// <summary>Ends the streams, closes the engine and gives ports and data directory back.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _isStopping, 1) == 0)
        {
            Log.Stopping(_parts.Logger);
            bool isClosed = false;
            try
            {
                isClosed = await _parts.StopAsync(_stopTimeout).ConfigureAwait(false);
                if (Engine.Progress.Failure is { } failure)
                {
                    Log.CloseFailed(_parts.Logger, failure.Message);
                }

                Log.Stopped(_parts.Logger);
            }
            finally
            {
                _completion.TrySetResult(isClosed ? Stopped : Failed);
            }
        }

        await Completion.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _parts.DisposeAsync().ConfigureAwait(false);
    }

    private void Announce(BrokerSettings settings, TextWriter output)
    {
        if (settings.Text("log.format") == "json")
        {
            Log.Started(_parts.Logger, string.Join("; ", Banner.Select(line => line.Trim())));
            return;
        }

        foreach (string line in Banner)
        {
            output.WriteLine(line);
        }

        output.Flush();
    }

    private async Task WatchJournalAsync()
    {
        try
        {
            // No entry has this number: the wait ends only when the journal fails.
            await Engine.Progress.WaitVisibleAsync(long.MaxValue, _parts.Streams.Stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The broker stops as it should.
        }
        catch (StorageException e)
        {
            await FailAsync(() => Log.JournalFailed(_parts.Logger, e.Message)).ConfigureAwait(false);
        }
    }

    private async Task WatchErrorsAsync()
    {
        Exception cause = await _parts.Fatal.Raised.ConfigureAwait(false);
        await FailAsync(() => Log.Broken(_parts.Logger, cause.Message)).ConfigureAwait(false);
    }

    private async Task FailAsync(Action report)
    {
        if (Interlocked.Exchange(ref _isStopping, 1) == 0)
        {
            report();
            EndSoon();
            try
            {
                await Task.WhenAny(_parts.StopAsync(FailureGrace), Task.Delay(FailureMax)).ConfigureAwait(false);
            }
            finally
            {
                _completion.TrySetResult(Failed);
            }
        }
    }

    /// <summary>Stopping goes through the thread pool, which clients that come back at once keep busy; the end of a thread's wait does not.</summary>
    private void EndSoon()
    {
        if (_endNow is { } endNow)
        {
            new Thread(() =>
            {
                using var never = new ManualResetEventSlim();
                never.Wait(FailureMax + FailureGrace);
                endNow(Failed);
            })
            {
                IsBackground = true,
                Name = "end after failure",
            }.Start();
        }
    }
}
