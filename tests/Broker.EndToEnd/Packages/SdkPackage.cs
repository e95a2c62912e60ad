using System.IO.Compression;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Packages;

/// <summary>The client's package, made once from what the build made, in a folder that serves as a feed.</summary>
public sealed class SdkPackage : IAsyncLifetime, IDisposable
{
    public const string Id = "Broker.Client";

    private readonly TemporaryDirectory _directory = new();

    /// <summary>One that no other run has had: nobody's cache holds it.</summary>
    public string Version { get; } = $"0.1.0-test.{Environment.ProcessId}.{Environment.TickCount64}";

    public string Feed => Path.Combine(_directory.Path, "feed");

    public async Task InitializeAsync()
    {
        await RunningProgram.DotnetAsync(
            BuildOutput.RepositoryRoot, "pack", "src/Broker.Client", "--configuration", BuildOutput.Configuration,
            "--no-build", "--no-restore", "--output", Feed, $"-p:PackageVersion={Version}");
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _directory.Dispose();

    /// <param name="extension">nupkg, or snupkg for the symbols.</param>
    public ZipArchive Open(string extension) => ZipFile.OpenRead(Path.Combine(Feed, $"{Id}.{Version}.{extension}"));
}
