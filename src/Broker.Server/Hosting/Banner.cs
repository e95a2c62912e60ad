using System.Globalization;
using System.Net;
using Broker.Engine;
using Broker.Server.Configuration;

namespace Broker.Server.Hosting;

/// <summary>What a person wants to know when the broker has started.</summary>
internal static class Banner
{
    /// <param name="problems">What is wrong though the broker serves.</param>
    public static IReadOnlyList<string> Lines(
        BrokerSettings settings, BrokerFacts facts, BrokerEngine engine, ListenSockets sockets, IReadOnlyList<string> problems) =>
    [
        $"broker {BrokerFacts.Version} is ready (run {engine.Incarnation})",
        $"  data        {facts.DataDirectory} ({Found(engine.Recovery)})",
        $"  clients     {Url(sockets.GrpcEndPoint)} (gRPC)",
        $"  metrics     {Url(sockets.HttpEndPoint)}/metrics, /livez, /readyz",
        $"  durability  {Durability(settings, engine)}",
        $"  security    {Security(settings)}",
        .. problems.Select(problem => $"  problem     {problem}"),
    ];

    public static string Url(IPEndPoint endPoint) => $"http://{endPoint}";

    private static string Found(RecoveryReport recovery)
    {
        string seconds = recovery.Duration.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture);
        string topics = recovery.TopicCount == 1 ? "1 topic" : $"{recovery.TopicCount} topics";
        return recovery.IsNew ? "new" : $"{topics} recovered in {seconds} s";
    }

    private static string Durability(BrokerSettings settings, BrokerEngine engine)
    {
        string milliseconds = engine.SyncTime.TotalMilliseconds.ToString("0.00", CultureInfo.InvariantCulture);
        return settings.Text("topic_defaults.durability") == "os"
            ? $"os: acknowledged before it is on disk, unless topic or call say otherwise (a sync takes {milliseconds} ms here)"
            : $"durable: acknowledged when on disk (a sync takes {milliseconds} ms here)";
    }

    private static string Security(BrokerSettings settings) => settings.IsListeningBeyondLoopback
        ? "INSECURE: reachable from other machines, without encryption and authentication"
        : "none, reachable from this machine only";
}
