using Broker.Protocol.V1;
using Broker.Server.Configuration;
using Broker.Server.Hosting;
using Grpc.Net.Client;

namespace Broker.Tests.Server;

/// <summary>A real broker in this process, on free ports, with its own data directory, and generated clients for it.</summary>
internal sealed class TestBroker : IAsyncDisposable
{
    private readonly string _directory;
    private readonly StringWriter _log;

    private TestBroker(string directory, BrokerHost host, StringWriter log)
    {
        _directory = directory;
        _log = log;
        Host = host;
        Channel = GrpcChannel.ForAddress($"http://{host.GrpcEndPoint}");
        Http = new HttpClient { BaseAddress = new Uri($"http://{host.HttpEndPoint}") };
        Admin = new AdminService.AdminServiceClient(Channel);
        Produce = new ProduceService.ProduceServiceClient(Channel);
        Fetch = new FetchService.FetchServiceClient(Channel);
    }

    public BrokerHost Host { get; private set; }

    public string DataDirectory => _directory;

    public GrpcChannel Channel { get; }

    public HttpClient Http { get; }

    public AdminService.AdminServiceClient Admin { get; }

    public ProduceService.ProduceServiceClient Produce { get; }

    public FetchService.FetchServiceClient Fetch { get; }

    public string Log => _log.ToString();

    /// <summary>Settings that keep a test small: 1 MiB journal files, no disk reserve.</summary>
    public static string[] Arguments(string directory) =>
    [
        $"--data_dir={directory}", "--grpc.listen=127.0.0.1:0", "--http.listen=127.0.0.1:0",
        "--journal.file_bytes=1MiB", "--journal.replay_bytes_max=4MiB", "--storage.reserve_bytes=0", "--log.level=debug",
    ];

    public static BrokerSettings Settings(string directory, params string[] more) =>
        BrokerSettings.Load([.. Arguments(directory), .. more], new System.Collections.Hashtable(), directory);

    public static async Task<TestBroker> StartAsync(params string[] more)
    {
        string directory = Directory.CreateTempSubdirectory("broker-server-").FullName;
        var log = new StringWriter();
        BrokerHost host = await BrokerHost.StartAsync(
            Settings(directory, more), new BrokerHostOptions { Log = TextWriter.Synchronized(log) });
        return new TestBroker(directory, host, log);
    }

    /// <summary>Stops and starts again, on the same ports.</summary>
    public async Task RestartAsync()
    {
        string[] ports = [$"--grpc.listen={Host.GrpcEndPoint}", $"--http.listen={Host.HttpEndPoint}"];
        await Host.DisposeAsync();
        Host = await BrokerHost.StartAsync(Settings(_directory, ports), new BrokerHostOptions { Log = TextWriter.Synchronized(_log) });
    }

    public async Task<Topic> CreateTopicAsync(string name, int partitionCount = 1, params (string Name, string Value)[] config)
    {
        var request = new CreateTopicRequest { Name = name, PartitionCount = partitionCount };
        foreach ((string key, string value) in config)
        {
            request.Config[key] = value;
        }

        return (await Admin.CreateTopicAsync(request)).Topic;
    }

    /// <summary>The stored batches of partition 0 from its beginning, as far as one response holds them.</summary>
    public async Task<byte[]> ReadStoredAsync(Topic topic)
    {
        using var call = Fetch.Fetch();
        await call.RequestStream.WriteAsync(FetchStreamTests.Follow(topic, new OffsetSpec { LogEnd = LogEnd.Earliest }, credit: 64 << 20));
        await FetchStreamTests.NextAsync(call);
        return (await FetchStreamTests.NextAsync(call)).Batches.ToByteArray();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        Channel.Dispose();
        await Host.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
