using System.Net;
using Microsoft.Extensions.DependencyInjection;

namespace Broker.Server.Hosting;

/// <summary>Where a broker's connections come from.</summary>
internal interface ITransport : IDisposable
{
    /// <summary>What clients connect to.</summary>
    EndPoint GrpcEndPoint { get; }

    /// <summary>Where the pages are; null when nobody can ask for them.</summary>
    EndPoint? HttpEndPoint { get; }

    /// <summary>Adds what the web server takes the connections from.</summary>
    void AddTo(IServiceCollection services);
}
