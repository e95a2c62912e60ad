using Broker.Tests.Server;

namespace Broker.Tests.Cli;

/// <summary>One broker for all tests of a class; each test makes topics of its own.</summary>
public sealed class BrokerFixture : IAsyncLifetime
{
    private TestBroker? _broker;
    private int _topicNumber;

    internal string Server => _broker!.Host.GrpcEndPoint.ToString();

    internal string HttpServer => _broker!.Host.HttpEndPoint.ToString();

    internal string DataDirectory => _broker!.Host.DataDirectory;

    public async Task InitializeAsync() => _broker = await TestBroker.StartAsync();

    public async Task DisposeAsync() => await _broker!.DisposeAsync();

    /// <summary>A new topic with one partition, unless told otherwise.</summary>
    internal async Task<string> CreateTopicAsync(int partitions = 1, params string[] more)
    {
        string topic = $"topic-{Interlocked.Increment(ref _topicNumber)}";
        await new CliSession(Server).SucceedAsync(["topic", "create", topic, "--partitions", $"{partitions}", .. more]);
        return topic;
    }

    internal async Task ProduceAsync(string topic, string text, params string[] options) =>
        await new CliSession(Server) { In = CliSession.Text(text) }.SucceedAsync(["produce", topic, .. options]);

    internal Task<CliSession> ConsumeAsync(string topic, params string[] options) =>
        new CliSession(Server).SucceedAsync(["consume", topic, "--exit-at-end", .. options]);
}
