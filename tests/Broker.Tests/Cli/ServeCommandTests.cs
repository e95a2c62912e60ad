using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Broker.Engine.State;
using Broker.Records;
using Broker.Tests.Server;

namespace Broker.Tests.Cli;

public sealed class ServeCommandTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("broker-serve-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task An_interruption_stops_it_cleanly_with_exit_code_0()
    {
        CliSession first = await ServeOnceAsync();
        Assert.Equal(0, first.ExitCode);
        Assert.Equal("", first.Error);
        Assert.Contains($"{_directory} (new)", first.Output, StringComparison.Ordinal);
        Assert.Contains("Stopped", first.Output, StringComparison.Ordinal);
        Assert.Contains("0 topics recovered", (await ServeOnceAsync()).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Its_help_tells_where_settings_come_from()
    {
        CliSession help = await new CliSession().SucceedAsync("serve", "--help");
        Assert.Contains("--config <FILE>", help.Output, StringComparison.Ordinal);
        Assert.Contains("<--key=value>", help.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("dditional arguments", help.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("--config=/no/such/file")]
    [InlineData("--config /no/such/file")]
    public async Task A_settings_file_that_is_absent_is_named(string option)
    {
        await new CliSession().FailAsync(2, ["serve", "--data_dir", _directory, .. option.Split(' ')], "/no/such/file");
    }

    [Theory]
    [InlineData("grpc.listen")]
    [InlineData("http.listen")]
    public async Task A_port_in_use_is_one_line_that_names_address_and_setting(string setting)
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        await new CliSession().FailAsync(
            1, ["serve", .. TestBroker.Arguments(_directory), $"--{setting}={other.LocalEndpoint}"], $"{other.LocalEndpoint}", $"--{setting}=");
    }

    [Fact]
    public async Task A_second_broker_on_the_same_data_directory_is_refused_in_one_line()
    {
        await using TestBroker first = await TestBroker.StartAsync();
        await new CliSession().FailAsync(
            1, ["serve", .. TestBroker.Arguments(first.Host.DataDirectory)], first.Host.DataDirectory, "in use by another broker", "--data_dir");
    }

    [Fact]
    public async Task A_data_directory_of_a_newer_format_is_refused_by_name()
    {
        await ServeOnceAsync();
        string snapshot = Assert.Single(Directory.GetFiles(Path.Combine(_directory, "state"), "*" + SnapshotLog.Extension));
        byte[] bytes = await File.ReadAllBytesAsync(snapshot);
        int size = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(SnapshotLog.SizeAt));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(SnapshotLog.VersionAt), 99);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(SnapshotLog.CrcAt), Crc32C.Compute(bytes.AsSpan(SnapshotLog.VersionAt, size - SnapshotLog.VersionAt)));
        await File.WriteAllBytesAsync(snapshot, bytes);

        await new CliSession().FailAsync(1, ["serve", .. TestBroker.Arguments(_directory)], snapshot, "99");
        await new CliSession().FailAsync(1, ["log", "verify", _directory], snapshot, "99");
    }

    [Fact]
    public async Task Listening_beyond_loopback_is_refused_with_the_line_that_allows_it()
    {
        await new CliSession().FailAsync(
            1, ["serve", .. TestBroker.Arguments(_directory), "--grpc.listen=0.0.0.0:0"], "grpc.listen", "security.insecure: true");
    }

    /// <summary>Serves until it has said that it is ready.</summary>
    private async Task<CliSession> ServeOnceAsync()
    {
        using var interruption = new CancellationTokenSource();
        using var output = new ReadyStream();
        var serve = new CliSession { Interrupted = interruption.Token, Out = output };
        Task<CliSession> running = serve.RunAsync(["serve", .. TestBroker.Arguments(_directory)]);
        await Task.WhenAny(output.Ready, running).WaitAsync(TimeSpan.FromSeconds(30));
        await interruption.CancelAsync();
        await running.WaitAsync(TimeSpan.FromSeconds(30));
        return serve;
    }

    private sealed class ReadyStream : MemoryStream
    {
        private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Ready => _ready.Task;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            base.Write(buffer);
            if (buffer.IndexOf("is ready"u8) >= 0)
            {
                _ready.TrySetResult();
            }
        }
    }
}
