using System.Net;
using Broker.Client.Transport;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Broker.Client;

public sealed class BrokerClientOptions
{
    /// <summary>Where the broker listens for gRPC: host:port, or a URL when it speaks TLS (https://…).</summary>
    public string Server { get; set; } = ServerAddress.Default;

    /// <summary>Shown in the broker's log and listings.</summary>
    public string ClientId { get; set; } = "";

    /// <summary>
    /// Deadline of a single call, such as creating a topic; streams have none. A broker that was reached before and is away, to
    /// be updated for example, is waited for as long.
    /// </summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long one attempt to connect may take.</summary>
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long a broker that was never reached is tried again. Zero reports the first failure at once, which suits a
    /// mistyped address; a service that starts together with its broker sets some seconds. Once reached, producers and
    /// consumers reconnect for as long as their own options say.
    /// </summary>
    public TimeSpan FirstContactTimeout { get; set; } = TimeSpan.Zero;

    /// <summary>Wait before the second attempt; doubled for each further one, with jitter.</summary>
    public TimeSpan ReconnectBackoff { get; set; } = TimeSpan.FromMilliseconds(50);

    public TimeSpan ReconnectBackoffMax { get; set; } = TimeSpan.FromSeconds(1);

    public ILoggerFactory LoggerFactory { get; set; } = NullLoggerFactory.Instance;

    public TimeProvider TimeProvider { get; set; } = TimeProvider.System;

    /// <summary>Makes the client's choices (jitter, partitions for records without key) repeatable.</summary>
    public int? RandomSeed { get; set; }

    /// <summary>Changes the handler of each connection before its first use: certificates, proxies.</summary>
    public Action<SocketsHttpHandler>? ConfigureHandler { get; set; }

    /// <summary>
    /// Connects in place of a socket, to a broker in the same process. It gets what is to be called once when the connection is
    /// closed; a refusal is a <see cref="System.Net.Sockets.SocketException"/>.
    /// </summary>
    internal Func<DnsEndPoint, Action, CancellationToken, ValueTask<Stream>>? Connect { get; set; }

    /// <exception cref="ArgumentException">One sentence for each setting that cannot work.</exception>
    internal void Validate()
    {
        string[] problems = [.. Problems()];
        if (problems.Length > 0)
        {
            throw new ArgumentException(string.Join(" ", problems));
        }
    }

    internal IEnumerable<string> Problems()
    {
        if (!ServerAddress.TryParse(Server, out _))
        {
            yield return $"Server is host:port or a URL; '{Server}' is neither.";
        }

        if (RequestTimeout <= TimeSpan.Zero)
        {
            yield return $"RequestTimeout must be positive; it is {RequestTimeout}.";
        }

        if (ConnectTimeout <= TimeSpan.Zero)
        {
            yield return $"ConnectTimeout must be positive; it is {ConnectTimeout}.";
        }

        if (FirstContactTimeout < TimeSpan.Zero)
        {
            yield return $"FirstContactTimeout must not be negative; it is {FirstContactTimeout}.";
        }

        if (ReconnectBackoff <= TimeSpan.Zero || ReconnectBackoffMax < ReconnectBackoff)
        {
            yield return "ReconnectBackoff must be positive and not larger than ReconnectBackoffMax; "
                + $"they are {ReconnectBackoff} and {ReconnectBackoffMax}.";
        }
    }
}
