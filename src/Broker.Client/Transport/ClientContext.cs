using Broker.Client.Diagnostics;
using Grpc.Core;
using Microsoft.Extensions.Logging;

namespace Broker.Client.Transport;

/// <summary>What the parts of one client share.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ClientContext : IDisposable
{
    private readonly Random _seeds;
    private volatile bool _hasReachedBroker;
    private ulong _incarnation;

    public ClientContext(BrokerClientOptions options)
    {
        options.Validate();
        Options = options;
        Server = ServerAddress.TryParse(options.Server, out ServerAddress? address)
            ? address
            : throw new ArgumentException($"'{options.Server}' is no address.", nameof(options));
        Time = options.TimeProvider;
        Logger = options.LoggerFactory.CreateLogger(MessagingNames.Source);
        _seeds = new Random(options.RandomSeed ?? System.Security.Cryptography.RandomNumberGenerator.GetInt32(int.MaxValue));
        Telemetry = new ClientTelemetry(options.ClientId, Server);
        Connection = new BrokerConnection(options, Server);
        Backoff = new Backoff(options.ReconnectBackoff, options.ReconnectBackoffMax, NewRandom());
        Topics = new TopicCatalog(this);
    }

    public BrokerClientOptions Options { get; }

    public ServerAddress Server { get; }

    public TimeProvider Time { get; }

    public ILogger Logger { get; }

    public ClientTelemetry Telemetry { get; }

    /// <summary>For single calls and fetch streams. Producers have their own.</summary>
    public BrokerConnection Connection { get; }

    public Backoff Backoff { get; }

    public TopicCatalog Topics { get; }

    /// <summary>True once anything at the address has answered as a broker does.</summary>
    public bool HasReachedBroker => _hasReachedBroker;

    /// <summary>The newest run of the broker that any answer told of; 0 before the first.</summary>
    public ulong Incarnation => Volatile.Read(ref _incarnation);

    public void NoteIncarnation(ulong incarnation)
    {
        while (Volatile.Read(ref _incarnation) is var known && incarnation > known)
        {
            Interlocked.CompareExchange(ref _incarnation, incarnation, known);
        }
    }

    public void NoteReached()
    {
        if (!_hasReachedBroker)
        {
            _hasReachedBroker = true;
        }
    }

    public Random NewRandom()
    {
        lock (_seeds)
        {
            return new Random(_seeds.Next());
        }
    }

    /// <summary>How long to try again: as the caller wishes once the broker was reached, else the option for that case.</summary>
    public TimeSpan RetryFor(TimeSpan wished) => HasReachedBroker ? wished : Options.FirstContactTimeout;

    /// <summary>One call, with the deadline that the options set.</summary>
    /// <exception cref="BrokerException">Whatever went wrong, in the SDK's words.</exception>
    public async Task<TResponse> CallAsync<TRequest, TResponse>(
        Func<TRequest, CallOptions, AsyncUnaryCall<TResponse>> method,
        TRequest request,
        CancellationToken cancellationToken)
    {
        // gRPC holds deadlines against the system's clock, whatever TimeProvider the options have.
        DateTime deadline = (TimeProvider.System.GetUtcNow() + Options.RequestTimeout).UtcDateTime;
        try
        {
            using AsyncUnaryCall<TResponse> call = method(
                request,
                new CallOptions(deadline: deadline, cancellationToken: cancellationToken));
            TResponse response = await call.ResponseAsync.ConfigureAwait(false);
            NoteReached();
            return response;
        }
        catch (ObjectDisposedException e)
        {
            throw new BrokerException(
                ErrorReasons.ClientClosed,
                "The client was disposed; dispose its producers and consumers before it.",
                isDefinite: true,
                innerException: e);
        }
        catch (RpcException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            BrokerException error = ErrorMapper.FromRpc(e, Server, HasReachedBroker);
            if (error.Metadata.TryGetValue("incarnation", out string? incarnation) && ulong.TryParse(incarnation, out ulong known))
            {
                NoteIncarnation(known);
            }

            if (error.Reason is not (ErrorReasons.NetworkException or ErrorReasons.UnsupportedVersion))
            {
                NoteReached();
            }

            throw error;
        }
    }

    /// <summary>A call of somebody who waits for as long as the broker may need: tried again while that may help.</summary>
    public Task<TResponse> CallWithRetryAsync<TRequest, TResponse>(
        Func<TRequest, CallOptions, AsyncUnaryCall<TResponse>> method,
        TRequest request,
        TimeSpan retryFor,
        CancellationToken cancellationToken) =>
        CallWithRetryAsync(method, request, retryFor, static _ => true, cancellationToken);

    /// <summary>A call that waits, as long as one may take, for a broker that is away, and for nothing else.</summary>
    /// <param name="isRepeatable">Nothing is amiss when it is done twice. Otherwise it is only repeated when certainly nothing happened.</param>
    public Task<TResponse> CallWhenThereAsync<TRequest, TResponse>(
        Func<TRequest, CallOptions, AsyncUnaryCall<TResponse>> method,
        TRequest request,
        bool isRepeatable,
        CancellationToken cancellationToken) =>
        CallWithRetryAsync(
            method,
            request,
            Options.RequestTimeout,
            e => e.Reason is ErrorReasons.NetworkException or ErrorReasons.BrokerNotAvailable or ErrorReasons.KafkaStorageError
                && (isRepeatable || e.IsDefinite),
            cancellationToken);

    public void Dispose() => Connection.Dispose();

    /// <param name="mayRepeat">Asked after each attempt that failed.</param>
    public async Task<TResponse> CallWithRetryAsync<TRequest, TResponse>(
        Func<TRequest, CallOptions, AsyncUnaryCall<TResponse>> method,
        TRequest request,
        TimeSpan retryFor,
        Predicate<RetriableException> mayRepeat,
        CancellationToken cancellationToken)
    {
        long started = Time.GetTimestamp();
        for (int attempt = 0; ; attempt++)
        {
            TimeSpan wait = Backoff.Wait(attempt);
            try
            {
                return await CallAsync(method, request, cancellationToken).ConfigureAwait(false);
            }
            catch (RetriableException e) when (mayRepeat(e) && Time.GetElapsedTime(started) + wait < RetryFor(retryFor))
            {
                Log.CallTriedAgain(Logger, e.Message, (long)wait.TotalMilliseconds);
                await Task.Delay(wait, Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
