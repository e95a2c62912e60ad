using System.Runtime.InteropServices;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Packages;

/// <summary>The broker command as it is handed out: made by deploy/pack, and used where there is no .NET and no clone.</summary>
public sealed class CommandPackageTests : IDisposable
{
    private const string Version = "0.1.0-test.1";
    private const string ExtractVariable = "DOTNET_BUNDLE_EXTRACT_BASE_DIR";

    private readonly TemporaryDirectory _directory = new();
    private readonly string _assembly = BrokerCommandLine.Assembly;

    public void Dispose()
    {
        BrokerCommandLine.Assembly = _assembly;
        Environment.SetEnvironmentVariable(ExtractVariable, null);
        _directory.Dispose();
    }

    [Fact]
    public async Task As_one_file_it_serves_produces_and_consumes()
    {
        string platform = RuntimeInformation.RuntimeIdentifier;
        string made = await PackAsync(platform);
        string file = Path.Combine(_directory.Path, $"broker-{Version}-{platform}");
        Assert.Contains(Path.GetFileName(file), made, StringComparison.Ordinal);
        Assert.Equal([Path.GetFileName(file), "SHA256SUMS"], Directory.GetFiles(_directory.Path).Select(Path.GetFileName).Order(StringComparer.OrdinalIgnoreCase));
        await RunningProgram.SucceedAsync("sha256sum", _directory.Path, "--check", "--strict", "SHA256SUMS");

        // Alone in another folder: nothing of the build lies beside it.
        string alone = Directory.CreateDirectory(Path.Combine(_directory.Path, "alone")).FullName;
        BrokerCommandLine.Assembly = Path.Combine(alone, "broker");
        File.Move(file, BrokerCommandLine.Assembly);
        string unpacked = Path.Combine(_directory.Path, "unpacked");
        Environment.SetEnvironmentVariable(ExtractVariable, unpacked);
        await CheckAsync();
        // Of the state store's library the plain one, and no variant for another C library or allocator.
        Assert.Equal(["librocksdb.so"], Directory.GetFiles(unpacked, "librocksdb*", SearchOption.AllDirectories).Select(Path.GetFileName));
    }

    [Fact]
    public async Task As_a_tool_it_is_installed_from_a_folder_and_serves_produces_and_consumes()
    {
        await PackAsync("tool");
        string tools = Path.Combine(_directory.Path, "tools");
        await RunningProgram.DotnetAsync(
            _directory.Path, "tool", "install", "Broker.Cli", "--version", Version, "--tool-path", tools, "--add-source", _directory.Path);
        BrokerCommandLine.Assembly = Path.Combine(tools, "broker");
        await CheckAsync();
    }

    private Task<string> PackAsync(string what) => RunningProgram.SucceedAsync(
        BuildOutput.PathOf("deploy/pack"), BuildOutput.RepositoryRoot, what, "--version", Version, "--output", _directory.Path);

    private static async Task CheckAsync()
    {
        CliRun version = await CliRun.SucceedAsync("--version");
        Assert.StartsWith(Version, version.Text, StringComparison.Ordinal);

        await using var broker = BrokerProcess.Temporary();
        await broker.StartAsync();
        await CliRun.SucceedAsync("topic", "create", "quakes", "--partitions", "1", "--server", broker.Server);
        await CliRun.SucceedAsync("produce", "quakes", "--file", SampleData.PathOf("earthquakes.ndjson"), "--compression", "zstd", "--server", broker.Server);
        await broker.KillAsync();
        await broker.StartAsync();
        CliRun consumed = await CliRun.SucceedAsync("consume", "quakes", "--exit-at-end", "--server", broker.Server);
        Assert.Equal(await SampleData.LinesAsync("earthquakes.ndjson"), consumed.Lines);
    }
}
