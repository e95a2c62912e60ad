using System.Net;
using Broker.Engine;
using Broker.Server.Configuration;
using Broker.Server.Streams;
using Broker.Server.Telemetry;
using Broker.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Logging;
using Serilog.Core;
using ILogger = Microsoft.Extensions.Logging.ILogger;

namespace Broker.Server.Hosting;

/// <summary>A running broker: the engine and its two ports.</summary>
/// <remarks>Thread-safe. Stops by itself when the journal fails; <see cref="Completion"/> tells.</remarks>
public sealed class BrokerHost : IAsyncDisposable
{
    /// <summary>After a failure of the journal, waiting calls get their answer within this.</summary>
    private static readonly TimeSpan FailureGrace = TimeSpan.FromMilliseconds(300);

    private readonly BrokerEngine _engine;
    private readonly WebApplication _application;
    private readonly BrokerHealth _health;
    private readonly MeterBridge _meters;
    private readonly StreamRegistry _streams;
    private readonly Logger _serilog;
    private readonly ILogger _logger;
    private readonly TimeSpan _stopTimeout;
    private readonly TaskCompletionSource<int> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _stopped;

    private BrokerHost(BrokerSettings settings, BrokerParts parts)
    {
        _engine = parts.Engine;
        _application = parts.Application;
        _health = parts.Health;
        _meters = parts.Meters;
        _streams = parts.Streams;
        _serilog = parts.Log;
        _logger = parts.Logger;
        _stopTimeout = settings.Duration("shutdown.timeout");
        GrpcEndPoint = parts.Sockets.GrpcEndPoint;
        HttpEndPoint = parts.Sockets.HttpEndPoint;
        DataDirectory = parts.Facts.DataDirectory;
        Banner = Hosting.Banner.Lines(settings, parts.Facts, parts.Engine, parts.Sockets);
    }

    /// <summary>Where clients connect, with the real port.</summary>
    public IPEndPoint GrpcEndPoint { get; }

    /// <summary>Where /metrics, /livez and /readyz are.</summary>
    public IPEndPoint HttpEndPoint { get; }

    /// <summary>Absolute.</summary>
    public string DataDirectory { get; }

    /// <summary>What a person wants to know at start, line by line.</summary>
    public IReadOnlyList<string> Banner { get; }

    /// <summary>Ends when the broker has stopped: with 0 on request, with 1 when the journal failed.</summary>
    public Task<int> Completion => _completion.Task;

    internal BrokerEngine Engine => _engine;

    /// <summary>Runs a broker until <paramref name="stop"/>: the whole of the serve command.</summary>
    /// <param name="args">--key=value…, as docs/operations.md lists them.</param>
    /// <param name="output">Banner and log.</param>
    /// <param name="error">One line for each reason why it did not start.</param>
    /// <returns>The exit code: 0 stopped on request, 1 failed, 2 wrong settings.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken stop)
    {
        try
        {
            BrokerSettings settings = BrokerSettings.Load(args);
            TextWriter log = TextWriter.Synchronized(output);
            await using BrokerHost host = await StartAsync(settings, new BrokerHostOptions { Log = log }).ConfigureAwait(false);
            host.Announce(settings, log);
            await using (stop.UnsafeRegister(static state => _ = ((BrokerHost)state!).StopAsync(), host).ConfigureAwait(false))
            {
                return await host.Completion.ConfigureAwait(false);
            }
        }
        catch (SettingsException e)
        {
            foreach (string problem in e.Problems)
            {
                await error.WriteLineAsync($"error: {problem}").ConfigureAwait(false);
            }

            return 2;
        }
        catch (BrokerStartException e)
        {
            await error.WriteLineAsync($"error: {e.Message}").ConfigureAwait(false);
            return 1;
        }
    }

    /// <summary>Starts a broker; when this returns it serves.</summary>
    /// <exception cref="BrokerStartException">A port or the data directory cannot be used.</exception>
    public static async Task<BrokerHost> StartAsync(BrokerSettings settings, BrokerHostOptions? options = null)
    {
        BrokerParts parts = BrokerParts.Open(settings, options ?? new BrokerHostOptions());
        try
        {
            var host = new BrokerHost(settings, parts);
            await parts.Application.StartAsync().ConfigureAwait(false);
            parts.Start();
            _ = host.WatchJournalAsync();
            return host;
        }
        catch
        {
            await parts.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Ends the streams, closes the engine and gives ports and data directory back.</summary>
    public async Task StopAsync()
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0)
        {
            Log.Stopping(_logger);
            await CloseAsync(_stopTimeout).ConfigureAwait(false);
            Log.Stopped(_logger);
            _completion.TrySetResult(_engine.Progress.Failure is null ? 0 : 1);
        }

        await Completion.ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        await _serilog.DisposeAsync().ConfigureAwait(false);
    }

    private void Announce(BrokerSettings settings, TextWriter output)
    {
        if (settings.Text("log.format") == "json")
        {
            Log.Started(_logger, string.Join("; ", Banner.Select(line => line.Trim())));
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
            await _engine.Progress.WaitVisibleAsync(long.MaxValue, _streams.Stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
        }
        catch (Exception e) when (e is StorageException or IOException or InvalidOperationException)
        {
            await FailAsync(e).ConfigureAwait(false);
        }
    }

    private async Task FailAsync(Exception cause)
    {
        if (Interlocked.Exchange(ref _stopped, 1) == 0)
        {
            Log.JournalFailed(_logger, cause.Message);
            await CloseAsync(FailureGrace).ConfigureAwait(false);
            _completion.TrySetResult(1);
        }
    }

    private async Task CloseAsync(TimeSpan timeout)
    {
        _health.IsServing = false;
        await _streams.StopAsync(timeout).ConfigureAwait(false);
        using (var patience = new CancellationTokenSource(timeout))
        {
            await _application.StopAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _application.DisposeAsync().ConfigureAwait(false);
        try
        {
            await _engine.DisposeAsync().AsTask().WaitAsync(timeout).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Log.CloseTimedOut(_logger, timeout);
        }
        catch (StorageException e)
        {
            _logger.LogError("Closing failed; the next start recovers. {Cause}", e.Message);
        }

        await _streams.DisposeAsync().ConfigureAwait(false);
        _meters.Dispose();
    }
}
