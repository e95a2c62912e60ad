using Broker.Engine;
using Broker.Server.Configuration;
using Broker.Server.Hosting;
using Broker.Server.Streams;

namespace Broker.Load.Raw;

/// <summary>
/// The broker's own host, services and streams with the engine's two calls for batches replaced. Topics, producer ids and
/// everything else are the engine's. Takes the settings that <c>broker serve</c> takes.
/// </summary>
internal static class RawServer
{
    public static async Task<int> RunAsync(RawMode mode, string[] settings, CancellationToken stop)
    {
        BrokerSettings loaded = BrokerSettings.Load(settings);
        var options = new BrokerHostOptions
        {
            Log = Console.Error,
            BatchLog = engine => LogFor(mode, engine, Path.GetFullPath(loaded.DataDirectory)),
        };
        await using BrokerHost host = await BrokerHost.StartAsync(loaded, options).ConfigureAwait(false);
        await using CancellationTokenRegistration stopping = stop.UnsafeRegister(static state => _ = ((BrokerHost)state!).StopAsync(), host);
        return await host.Completion.ConfigureAwait(false);
    }

    private static IBatchLog LogFor(RawMode mode, BrokerEngine engine, string directory) => mode switch
    {
        RawMode.Drop => new DroppingLog(),
        RawMode.DropDurable => new GroupSyncLog(Path.Combine(directory, "groups")),
        _ => new RememberingLog(engine),
    };
}
