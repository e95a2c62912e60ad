using Broker.Checker.Histories;
using Broker.Client;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>What all clients of one process share.</summary>
/// <param name="Server">Host and port.</param>
internal sealed record ClientSettings(string Server, HistoryTopics Topics, HistoryWriter History, ProcessNumbers Numbers, long Seed, ClientTally Tally)
{
    public BrokerClient Connect(string name) => new(new BrokerClientOptions
    {
        Server = Server,
        ClientId = name,
        RequestTimeout = TimeSpan.FromSeconds(2),
        FirstContactTimeout = TimeSpan.FromSeconds(30),
        ReconnectBackoff = TimeSpan.FromMilliseconds(10),
        ReconnectBackoffMax = TimeSpan.FromMilliseconds(100),
    });
}
