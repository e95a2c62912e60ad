using System.IO.Compression;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Packages;

/// <summary>The packages for applications and their tests, made once from what the build made, in a folder that serves as a feed.</summary>
public sealed class SdkPackages : IAsyncLifetime, IDisposable
{
    public const string Client = "Broker.Client", Testing = "Broker.Client.Testing";

    private readonly TemporaryDirectory _directory = new();

    /// <summary>Which assemblies each holds.</summary>
    public static IReadOnlyDictionary<string, string[]> Assemblies { get; } = new Dictionary<string, string[]>
    {
        [Client] = ["Broker.Client", "Broker.Protocol", "Broker.Records"],
        [Testing] = ["Broker.Client.Testing", "Broker.Engine", "Broker.Server", "Broker.Storage"],
    };

    /// <summary>One that no other run has had: nobody's cache holds it.</summary>
    public string Version { get; } = $"0.1.0-test.{Environment.ProcessId}.{Environment.TickCount64}";

    public string Feed => Path.Combine(_directory.Path, "feed");

    public async Task InitializeAsync()
    {
        foreach (string id in Assemblies.Keys)
        {
            await RunningProgram.DotnetAsync(
                BuildOutput.RepositoryRoot, "pack", $"src/{id}", "--configuration", BuildOutput.Configuration,
                "--no-build", "--no-restore", "--output", Feed, $"-p:PackageVersion={Version}");
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    public void Dispose() => _directory.Dispose();

    /// <param name="extension">nupkg, or snupkg for the symbols.</param>
    public ZipArchive Open(string id, string extension) => ZipFile.OpenRead(Path.Combine(Feed, $"{id}.{Version}.{extension}"));

    /// <summary>
    /// A project file with one of the packages. Ours go into a folder of the project's own, so that no version of an earlier run is taken
    /// for them; all others are where the build has put them.
    /// </summary>
    /// <param name="directory">The project's.</param>
    /// <param name="more">Further lines: properties and items.</param>
    internal string ProjectFile(string directory, string id, string more)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string known = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set ? set : Path.Combine(home, ".nuget", "packages");
        return $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NuGetAudit>false</NuGetAudit>
                <RestoreAdditionalProjectSources>{Feed}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{Path.Combine(directory, "packages")}</RestorePackagesPath>
                <RestoreAdditionalProjectFallbackFolders>{known}</RestoreAdditionalProjectFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{id}" Version="[{Version}]" />
              </ItemGroup>
              {more}
            </Project>
            """;
    }
}
