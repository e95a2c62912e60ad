using System.Net;
using System.Net.Sockets;
using Broker.Engine;
using Broker.Protocol.V1;
using Broker.Server.Configuration;
using Broker.Server.Hosting;

namespace Broker.Tests.Server;

public sealed class StartAndStopTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("broker-start-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("grpc.listen", "0.0.0.0:0")]
    [InlineData("http.listen", "[::]:0")]
    public async Task Listening_beyond_loopback_is_refused_and_the_refusal_says_which_line_allows_it(string key, string address)
    {
        BrokerSettings settings = TestBroker.Settings(_directory, $"--{key}={address}");

        var e = await Assert.ThrowsAsync<BrokerStartException>(() => BrokerHost.StartAsync(settings));

        Assert.Contains(key, e.Message, StringComparison.Ordinal);
        Assert.Contains("security.insecure: true", e.Message, StringComparison.Ordinal);
        Assert.Contains("BROKER__SECURITY__INSECURE=true", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public async Task On_Windows_it_is_refused_in_one_line_before_anything_is_touched()
    {
        BrokerSettings settings = TestBroker.Settings(_directory);

        var e = await Assert.ThrowsAsync<BrokerStartException>(() => BrokerHost.StartAsync(settings, new BrokerHostOptions { IsWindows = true }));

        Assert.Contains("container", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public async Task Listening_beyond_loopback_is_possible_when_it_is_asked_for_and_the_banner_says_so()
    {
        BrokerSettings settings = TestBroker.Settings(_directory, "--grpc.listen=0.0.0.0:0", "--security.insecure");

        await using BrokerHost host = await BrokerHost.StartAsync(settings);

        Assert.Contains(host.Banner, line => line.Contains("INSECURE", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("grpc.listen")]
    [InlineData("http.listen")]
    public async Task A_port_in_use_ends_with_one_line_that_names_the_setting_and_exit_code_1(string key)
    {
        using var occupant = new TcpListener(IPAddress.Loopback, 0);
        occupant.Start();

        (int exitCode, _, string error) = await RunAsync($"--{key}={occupant.LocalEndpoint}");

        Assert.Equal(1, exitCode);
        Assert.Equal(
            $"error: {occupant.LocalEndpoint} is in use by another process, perhaps another broker. Choose another one with --{key}=ADDRESS:PORT.\n",
            error);
        Assert.Empty(Directory.GetFileSystemEntries(_directory));
    }

    [Fact]
    public async Task A_second_broker_on_the_same_data_directory_ends_with_one_line_and_exit_code_1()
    {
        await using BrokerHost first = await BrokerHost.StartAsync(TestBroker.Settings(_directory));

        (int exitCode, _, string error) = await RunAsync();

        Assert.Equal(1, exitCode);
        Assert.Contains(_directory, error, StringComparison.Ordinal);
        Assert.Contains("in use by another broker", error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Theory]
    [InlineData("/proc/no-such-thing")]
    [InlineData("/dev/null")]
    [InlineData("/dev/null/below")]
    public async Task A_data_directory_that_cannot_be_used_ends_with_one_line_that_names_it_and_exit_code_1(string directory)
    {
        (int exitCode, _, string error) = await RunAsync($"--data_dir={directory}");

        Assert.Equal(1, exitCode);
        Assert.StartsWith("error: ", error, StringComparison.Ordinal);
        Assert.Contains(directory, error, StringComparison.Ordinal);
        Assert.Equal(1, error.Count(c => c == '\n'));
    }

    [Fact]
    public async Task An_error_of_the_broker_itself_stops_it_with_exit_code_1()
    {
        await using TestBroker broker = await TestBroker.StartAsync();

        broker.Host.Raise(new Broker.Records.InvariantException("2 + 2 == 5 does not hold"));

        Assert.Equal(1, await broker.Host.Completion.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Contains("2 + 2 == 5", broker.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_setting_ends_with_one_line_that_names_it_and_exit_code_2()
    {
        (int exitCode, _, string error) = await RunAsync("--data_dirs=/x");

        Assert.Equal(2, exitCode);
        Assert.Equal("error: Unknown setting 'data_dirs' (--data_dirs): did you mean 'data_dir'?\n", error);
    }

    [Fact]
    public async Task A_broker_that_is_asked_to_stop_ends_with_exit_code_0_and_has_said_where_it_was()
    {
        (int exitCode, string output, string error) = await RunAsync();

        Assert.Equal(0, exitCode);
        Assert.Equal("", error);
        Assert.Contains($"  data        {_directory} (new)", output, StringComparison.Ordinal);
        Assert.Contains("  clients     http://127.0.0.1:", output, StringComparison.Ordinal);
        Assert.Contains("  durability  durable: acknowledged when on disk (a sync takes ", output, StringComparison.Ordinal);
        Assert.Contains("  security    none, reachable from this machine only", output, StringComparison.Ordinal);
        Assert.Contains("Stopped.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_banner_of_a_restart_counts_the_topics_and_their_records_are_there()
    {
        await using (BrokerHost first = await BrokerHost.StartAsync(TestBroker.Settings(_directory)))
        {
            using var channel = Grpc.Net.Client.GrpcChannel.ForAddress($"http://{first.GrpcEndPoint}");
            await new AdminService.AdminServiceClient(channel).CreateTopicAsync(new CreateTopicRequest { Name = "a" });
            await new ProduceService.ProduceServiceClient(channel).AppendAsync(
                new AppendRequest { Topic = "a", Partition = 2, Records = { new Broker.Protocol.V1.Record() } });
        }

        await using BrokerHost second = await BrokerHost.StartAsync(TestBroker.Settings(_directory));

        Assert.Contains(second.Banner, line => line.Contains("(1 topic recovered in ", StringComparison.Ordinal));
        Assert.Equal(1, second.Engine.FindTopic("a")!.Partitions[2].HighWatermark);
        Assert.Equal(2, second.Engine.Incarnation);
    }

    [Fact]
    public async Task Web_server_variables_of_the_environment_change_nothing()
    {
        Environment.SetEnvironmentVariable("ASPNETCORE_URLS", "http://0.0.0.0:1");
        Environment.SetEnvironmentVariable("ASPNETCORE_HTTP_PORTS", "2");
        Environment.SetEnvironmentVariable("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true");
        try
        {
            await using BrokerHost host = await BrokerHost.StartAsync(TestBroker.Settings(_directory));

            Assert.Equal(IPAddress.Loopback, host.GrpcEndPoint.Address);
            Assert.NotEqual(0, host.GrpcEndPoint.Port);
        }
        finally
        {
            Environment.SetEnvironmentVariable("ASPNETCORE_URLS", null);
            Environment.SetEnvironmentVariable("ASPNETCORE_HTTP_PORTS", null);
            Environment.SetEnvironmentVariable("ASPNETCORE_FORWARDEDHEADERS_ENABLED", null);
        }
    }

    [Fact]
    public async Task Json_logs_are_one_object_a_line()
    {
        (int exitCode, string output, _) = await RunAsync("--log.format=json");

        Assert.Equal(0, exitCode);
        string[] lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Contains(lines, line => line.Contains("\"@m\":\"Started: ", StringComparison.Ordinal));
        Assert.All(lines, line => System.Text.Json.JsonDocument.Parse(line).Dispose());
    }

    [Fact]
    public void Defaults_of_the_settings_are_those_of_the_engine()
    {
        string empty = Directory.CreateDirectory(Path.Combine(_directory, "empty")).FullName;
        BrokerSettings settings = BrokerSettings.Load([], new System.Collections.Hashtable(), empty);

        EngineOptions mapped = settings.ToEngineOptions();

        Assert.Equal(new EngineOptions { DataDirectory = Path.GetFullPath("./data") }, mapped);
    }

    private async Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args)
    {
        var output = new StringWriter { NewLine = "\n" };
        var error = new StringWriter { NewLine = "\n" };
        using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        int exitCode = await BrokerHost.RunAsync([.. TestBroker.Arguments(_directory), .. args], output, error, stop.Token);
        return (exitCode, output.ToString(), error.ToString());
    }
}
