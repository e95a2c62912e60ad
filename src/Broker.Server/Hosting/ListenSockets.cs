using System.Net;
using System.Net.Sockets;
using Broker.Server.Configuration;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Server.Hosting;

/// <summary>
/// The two ports, bound before anything else is done: a port in use is told by its setting and at once, and not after the
/// recovery of a large data directory.
/// </summary>
internal sealed class ListenSockets : ITransport
{
    private readonly List<Socket> _untaken = [];

    private ListenSockets(Socket grpc, Socket http)
    {
        GrpcEndPoint = (IPEndPoint)grpc.LocalEndPoint!;
        HttpEndPoint = (IPEndPoint)http.LocalEndPoint!;
        _untaken.AddRange([grpc, http]);
    }

    /// <summary>With the real port, also where the settings say 0.</summary>
    public IPEndPoint GrpcEndPoint { get; }

    /// <inheritdoc cref="GrpcEndPoint"/>
    public IPEndPoint HttpEndPoint { get; }

    EndPoint ITransport.GrpcEndPoint => GrpcEndPoint;

    EndPoint ITransport.HttpEndPoint => HttpEndPoint;

    /// <exception cref="BrokerStartException">An address cannot be bound, or must not be without a word.</exception>
    public static ListenSockets Bind(BrokerSettings settings)
    {
        RefuseBeyondLoopback("grpc.listen", settings.GrpcListen, settings);
        RefuseBeyondLoopback("http.listen", settings.HttpListen, settings);
        Socket grpc = Bind("grpc.listen", settings.GrpcListen);
        try
        {
            return new ListenSockets(grpc, Bind("http.listen", settings.HttpListen));
        }
        catch
        {
            grpc.Dispose();
            throw;
        }
    }

    public void AddTo(IServiceCollection services)
    {
        services.Configure<SocketTransportOptions>(o => o.CreateBoundListenSocket = Take);
        services.AddSingleton<IMemoryPoolFactory<byte>>(new BlockPool());
    }

    public void Dispose()
    {
        foreach (Socket socket in _untaken)
        {
            socket.Dispose();
        }

        _untaken.Clear();
    }

    /// <summary>Gives the socket of an address to the web server, which owns it from then on.</summary>
    private Socket Take(EndPoint endPoint)
    {
        Socket socket = _untaken.First(s => s.LocalEndPoint!.Equals(endPoint));
        _untaken.Remove(socket);
        return socket;
    }

    private static void RefuseBeyondLoopback(string key, IPEndPoint endPoint, BrokerSettings settings)
    {
        if (!IPAddress.IsLoopback(endPoint.Address) && !settings.IsInsecureAllowed)
        {
            throw new BrokerStartException(
                $"Refusing to listen on {endPoint} ({key}): other machines could reach it, and connections are neither "
                + "encrypted nor authenticated. To allow that, set \"security.insecure: true\" "
                + $"({SettingSources.VariableOf("security.insecure")}=true).");
        }
    }

    private static Socket Bind(string key, IPEndPoint endPoint)
    {
        try
        {
            return SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        }
        catch (SocketException e)
        {
            string why = e.SocketErrorCode switch
            {
                SocketError.AddressAlreadyInUse => "is in use by another process, perhaps another broker",
                SocketError.AccessDenied => "may not be bound by this user",
                SocketError.AddressNotAvailable => "is no address of this machine",
                _ => $"cannot be bound ({e.Message})",
            };
            throw new BrokerStartException($"{endPoint} {why}. Choose another one with --{key}=ADDRESS:PORT.", e);
        }
    }
}
