using Broker.Server.Configuration;
using Broker.Server.Services;
using Broker.Server.Streams;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Prometheus;
using Serilog;
using Serilog.Core;

namespace Broker.Server.Hosting;

/// <summary>
/// The web application with its two ports. It begins empty, so that no ASPNETCORE_ or DOTNET_ variable, no appsettings
/// file and no launch profile has a say.
/// </summary>
internal static class BrokerApplication
{
    // A call has a handful of headers; the rest of the defaults would only serve attackers.
    private const int HeaderBytesMax = 16 << 10, HeaderCountMax = 64;

    private static readonly TimeSpan HeadersTimeout = TimeSpan.FromSeconds(10);

    public static WebApplication Build(BrokerSettings settings, SharedServices shared, ITransport transport, Logger log)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSerilog(log);
        builder.WebHost.UseKestrelCore();
        builder.WebHost.ConfigureKestrel(kestrel => Configure(kestrel, settings, shared, transport));
        AddServices(builder.Services, settings, shared, transport);
        WebApplication application = builder.Build();
        Map(application, settings, shared);
        return application;
    }

    private static void Configure(KestrelServerOptions kestrel, BrokerSettings settings, SharedServices shared, ITransport transport)
    {
        kestrel.AddServerHeader = false;
        KestrelServerLimits limits = kestrel.Limits;
        limits.MaxConcurrentConnections = settings.Number("limits.connections");
        limits.MaxRequestHeadersTotalSize = HeaderBytesMax;
        limits.MaxRequestHeaderCount = HeaderCountMax;
        limits.RequestHeadersTimeout = HeadersTimeout;
        // For unary calls, with room for the frame's head; streams are unbounded and limited message by message.
        limits.MaxRequestBodySize = settings.Number("limits.message_bytes") + 1024;
        limits.Http2.MaxStreamsPerConnection = settings.Int32("limits.streams_per_connection");
        limits.Http2.KeepAlivePingDelay = settings.Duration("grpc.keepalive_ping_delay");
        limits.Http2.KeepAlivePingTimeout = settings.Duration("grpc.keepalive_ping_timeout");
        // The HTTP/2 windows stay at Kestrel's defaults: larger and smaller ones were measured and were no better.
        long connectionBytesMax = settings.Number("limits.produce_bytes_in_flight_per_connection");
        kestrel.Listen(transport.GrpcEndPoint, listen => Prepare(listen, HttpProtocols.Http2, "grpc", shared, connectionBytesMax));
        if (transport.HttpEndPoint is { } pages)
        {
            kestrel.Listen(pages, listen => Prepare(listen, HttpProtocols.Http1, "http", shared, connectionBytesMax));
        }
    }

    private static void Prepare(
        ListenOptions listen, HttpProtocols protocols, string port, SharedServices shared, long connectionBytesMax)
    {
        listen.Protocols = protocols;
        listen.Use(next => async connection =>
        {
            using IDisposable open = shared.Metrics.OpenConnection(port);
            new ConnectionState(connectionBytesMax).AttachTo(connection);
            await next(connection).ConfigureAwait(false);
        });
    }

    private static void AddServices(IServiceCollection services, BrokerSettings settings, SharedServices shared, ITransport transport)
    {
        transport.AddTo(services);
        services.AddSingleton<IHostLifetime, PassiveLifetime>();
        services.Configure<HostOptions>(o => o.ShutdownTimeout = settings.Duration("shutdown.timeout"));
        services.AddRouting();
        services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = settings.Int32("limits.message_bytes");
            grpc.MaxSendMessageSize = null;
            grpc.Interceptors.Add<CallInterceptor>();
        });
        // Batches are compressed already, and decompression before any check would be a gift to attackers.
        services.PostConfigure<Grpc.AspNetCore.Server.GrpcServiceOptions>(grpc => grpc.CompressionProviders.Clear());
        services.AddGrpcReflection();
        services.AddGrpcHealthChecks(o =>
        {
            o.Services.Map("", check => check.Tags.Contains(BrokerHealth.ReadyTag));
            o.Services.Map(BrokerHealth.ReadyTag, check => check.Tags.Contains(BrokerHealth.ReadyTag));
            o.Services.Map(BrokerHealth.LiveTag, check => check.Tags.Contains(BrokerHealth.LiveTag));
        })
            .Add(new HealthCheckRegistration(BrokerHealth.LiveTag, _ => shared.Health, failureStatus: null, [BrokerHealth.LiveTag]))
            .Add(new HealthCheckRegistration(BrokerHealth.ReadyTag, _ => shared.Health, failureStatus: null, [BrokerHealth.ReadyTag]));
        AddShared(services, settings, shared);
    }

    private static void AddShared(IServiceCollection services, BrokerSettings settings, SharedServices shared)
    {
        services.AddSingleton(shared.Time);
        services.AddSingleton(shared.Metrics);
        services.AddSingleton(shared.Streams);
        services.AddSingleton(shared.Fatal);
        // Asked for by the first call; the engine is being opened while this runs.
        services.AddSingleton(_ => shared.Engine);
        services.AddSingleton(_ => shared.Facts);
        services.AddSingleton(_ => new TopicLookup(shared.Engine));
        services.AddSingleton<CallInterceptor>();
        services.AddSingleton<ProduceGrpcService>();
        services.AddSingleton<FetchGrpcService>();
        services.AddSingleton<AdminGrpcService>();
        services.AddSingleton(_ => new StreamContext(
            shared.Engine,
            shared.Log,
            shared.Time,
            shared.Metrics,
            shared.ProduceBudget,
            new StreamLimits(settings.Int32("limits.fetch_response_bytes"), settings.Int32("limits.fetch_partitions_per_stream")),
            shared.Streams.Stopping));
    }

    private static void Map(WebApplication application, BrokerSettings settings, SharedServices shared)
    {
        application.UseRouting();
        application.Use(KeepPortsApart);
        application.MapGrpcService<ProduceGrpcService>();
        application.MapGrpcService<FetchGrpcService>();
        application.MapGrpcService<AdminGrpcService>();
        application.MapGrpcService<TransactionGrpcService>();
        application.MapGrpcService<GroupGrpcService>();
        application.MapGrpcHealthChecksService();
        if (settings.IsReflectionOn)
        {
            application.MapGrpcReflectionService();
        }

        application.MapMetrics(o => o.Registry = shared.Registry).WithMetadata(HttpPortOnly.Instance);
        application.MapGet("/livez", context => Answer(context, shared.Health.WhyNotLive())).WithMetadata(HttpPortOnly.Instance);
        application.MapGet("/readyz", context => Answer(context, shared.Health.WhyNotReady(), shared.Health.Problems())).WithMetadata(HttpPortOnly.Instance);
    }

    /// <summary>The port for clients offers calls only, the other one pages only.</summary>
    private static Task KeepPortsApart(HttpContext context, RequestDelegate next)
    {
        bool isPage = context.GetEndpoint()?.Metadata.GetMetadata<HttpPortOnly>() is not null;
        if (isPage == HttpProtocol.IsHttp11(context.Request.Protocol) || context.GetEndpoint() is null)
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private static Task Answer(HttpContext context, string? whyNot, params IReadOnlyList<string> problems)
    {
        context.Response.StatusCode = whyNot is null ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync((whyNot ?? (problems.Count == 0 ? "ok" : $"ok, {string.Join("; ", problems)}")) + "\n");
    }

    /// <summary>Marks what is not a call.</summary>
    private sealed class HttpPortOnly
    {
        public static HttpPortOnly Instance { get; } = new();
    }

    /// <summary>Signals belong to the program around the broker.</summary>
    private sealed class PassiveLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
