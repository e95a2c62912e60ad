using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace Broker.Tests.Cli;

public sealed class ConnectionTests(BrokerFixture broker) : IClassFixture<BrokerFixture>
{
    [Fact]
    public async Task Status_tells_what_a_broker_is()
    {
        CliSession text = await new CliSession().SucceedAsync("status", "--server", broker.Server);
        Assert.Contains(broker.DataDirectory, text.Output, StringComparison.Ordinal);
        CliSession json = await new CliSession(broker.Server).SucceedAsync("status", "-o", "json");
        JsonElement status = JsonDocument.Parse(json.Output).RootElement;
        Assert.Equal(broker.DataDirectory, status.GetProperty("data_directory").GetString());
        Assert.Equal(1048576, status.GetProperty("limits").GetProperty("record_bytes_max").GetInt64());
    }

    [Fact]
    public async Task A_brokers_own_environment_leads_to_it_unless_another_one_is_named()
    {
        var session = new CliSession { Variables = { ["BROKER__GRPC__LISTEN"] = broker.Server.Replace("127.0.0.1", "0.0.0.0", StringComparison.Ordinal) } };
        Assert.Contains(broker.DataDirectory, (await session.SucceedAsync("status")).Output, StringComparison.Ordinal);

        string nowhere = $"127.0.0.1:{FreePort()}";
        session.Variables["BROKER_SERVER"] = nowhere;
        await session.FailAsync(1, ["status"], nowhere);
    }

    [Fact]
    public async Task A_port_where_nothing_listens_is_named_with_what_to_do()
    {
        string nowhere = $"127.0.0.1:{FreePort()}";
        foreach (string[] command in (string[][])[["status"], ["topic", "list"], ["produce", "t"], ["consume", "t"]])
        {
            await new CliSession(nowhere).FailAsync(1, command, nowhere, "broker serve", "--server");
        }
    }

    [Fact]
    public async Task The_http_port_is_not_mistaken_for_the_grpc_port()
    {
        await new CliSession(broker.HttpServer).FailAsync(1, ["status"], broker.HttpServer, "grpc.listen");
    }

    [Theory]
    [InlineData("status")]
    [InlineData("topic", "list")]
    [InlineData("topic", "describe", "t")]
    [InlineData("produce", "t")]
    [InlineData("consume", "t")]
    public async Task A_command_that_waits_for_an_answer_can_be_interrupted(params string[] command)
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        using var interruption = new CancellationTokenSource();
        var session = new CliSession(silent.LocalEndpoint.ToString()) { Interrupted = interruption.Token };
        Task<CliSession> running = session.RunAsync(command);
        using Socket asked = await silent.AcceptSocketAsync();
        await interruption.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(130, session.ExitCode);
        Assert.StartsWith("interrupted", session.ErrorLine, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
