using System.Net;

namespace Broker.Client.Testing.Transport;

/// <summary>The address of a broker that only this process can reach.</summary>
internal sealed class InMemoryEndPoint : EndPoint
{
    public static InMemoryEndPoint Instance { get; } = new();

    public override string ToString() => "in-memory";
}
