using Broker.Server.Streams;
using Grpc.Core;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Broker.Server.Hosting;

/// <summary>What belongs to one connection of a client: all its streams share it.</summary>
internal sealed class ConnectionState(long produceBytesMax)
{
    private static readonly object Key = new();

    public ByteBudget ProduceBudget { get; } = new(produceBytesMax);

    /// <summary>Puts the state onto a connection before its first call.</summary>
    public void AttachTo(ConnectionContext connection) => connection.Items[Key] = this;

    public static ConnectionState Of(ServerCallContext call) =>
        (ConnectionState)call.GetHttpContext().Features.Get<IConnectionItemsFeature>()!.Items[Key]!;
}
