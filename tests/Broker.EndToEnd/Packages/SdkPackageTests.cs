using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Packages;

/// <summary>The package of the client, as an application gets it.</summary>
public sealed class SdkPackageTests(SdkPackage package) : IClassFixture<SdkPackage>
{
    private static readonly string[] Assemblies = ["Broker.Client", "Broker.Protocol", "Broker.Records"];

    [Fact]
    public void It_holds_three_assemblies_with_their_documentation_and_nothing_of_the_build()
    {
        using ZipArchive content = package.Open("nupkg");
        string[] files = [.. content.Entries.Select(entry => entry.FullName).Where(name => !IsOfTheFormat(name)).Order(StringComparer.Ordinal)];
        Assert.Equal(
            [
                "LICENSE", "README.md",
                .. Assemblies.SelectMany(name => new[] { $"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml" }),
            ],
            files);
    }

    [Fact]
    public void It_depends_on_what_its_projects_reference_and_on_no_package_of_ours()
    {
        Dictionary<string, string> central = Items(BuildOutput.PathOf("Directory.Packages.props"), "PackageVersion")
            .ToDictionary(item => (string)item.Attribute("Include")!, item => (string)item.Attribute("Version")!);
        IEnumerable<string> referenced = Assemblies
            .SelectMany(project => Items(BuildOutput.PathOf($"src/{project}/{project}.csproj"), "PackageReference"))
            .Where(item => (string?)item.Attribute("PrivateAssets") != "all")
            .Select(item => (string)item.Attribute("Include")!)
            .Distinct().Order(StringComparer.Ordinal);

        XElement metadata = Nuspec();
        IEnumerable<(string?, string?)> named = metadata.Descendants().Where(element => element.Name.LocalName == "dependency")
            .Select(element => ((string?)element.Attribute("id"), (string?)element.Attribute("version")));

        Assert.Equal(referenced.Select(id => ((string?)id, (string?)central[id])), named);
        Assert.DoesNotContain(named, dependency => dependency.Item1!.StartsWith("Broker.", StringComparison.Ordinal));
    }

    [Fact]
    public void It_says_what_it_is()
    {
        XElement metadata = Nuspec();
        string? Text(string name) => metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value;
        Assert.Equal(SdkPackage.Id, Text("id"));
        Assert.Equal(package.Version, Text("version"));
        Assert.Equal("MIT", Text("license"));
        Assert.Equal("README.md", Text("readme"));
        Assert.NotEmpty(Text("description")!);
    }

    [Fact]
    public void Its_symbols_belong_to_its_assemblies_and_hold_their_sources()
    {
        using ZipArchive content = package.Open("nupkg");
        using ZipArchive symbols = package.Open("snupkg");
        foreach (string name in Assemblies)
        {
            using var assembly = new PEReader(Bytes(content, $"lib/net10.0/{name}.dll"));
            using MetadataReaderProvider provider = MetadataReaderProvider.FromPortablePdbStream(Bytes(symbols, $"lib/net10.0/{name}.pdb"));
            MetadataReader pdb = provider.GetMetadataReader();
            DebugDirectoryEntry[] entries = [.. assembly.ReadDebugDirectory()];
            Guid expected = assembly.ReadCodeViewDebugDirectoryData(entries.Single(entry => entry.Type == DebugDirectoryEntryType.CodeView)).Guid;
            Assert.Equal(expected, new Guid(pdb.DebugMetadataHeader!.Id.AsSpan()[..16]));
            Assert.Contains(entries, entry => entry.Type == DebugDirectoryEntryType.Reproducible);
            // Each document with its source: a debugger needs no server to show it.
            var embeddedSource = new Guid("0E8A571B-6926-466E-B4AD-8AB04611F5FE");
            int withSource = pdb.CustomDebugInformation.Select(pdb.GetCustomDebugInformation).Count(info => pdb.GetGuid(info.Kind) == embeddedSource);
            Assert.Equal(pdb.Documents.Count, withSource);
        }
    }

    [Fact]
    public async Task The_program_in_the_readme_runs_in_an_empty_project_against_a_real_broker()
    {
        await using var broker = BrokerProcess.Temporary();
        using var project = new TemporaryDirectory();
        const string address = "127.0.0.1:9095";
        string snippet = ReadmeSnippet.Of("README.md");
        Assert.Contains(address, snippet, StringComparison.Ordinal);
        await File.WriteAllTextAsync(Path.Combine(project.Path, "Program.cs"), snippet.Replace(address, broker.Server, StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Combine(project.Path, "First.csproj"), ProjectFile(project.Path));

        await RunningProgram.DotnetAsync(project.Path, "build", "--configuration", "Release", "--output", "out");
        Assert.True(Directory.Exists(Path.Combine(project.Path, "packages", SdkPackage.Id.ToLowerInvariant(), package.Version)));
        await broker.StartAsync();
        await using RunningProgram program = RunningProgram.StartDotnet(project.Path, Path.Combine(project.Path, "out", "First.dll"));

        await program.WaitForAsync(output => output.Contains("customer-7: {\"total\":42}", StringComparison.Ordinal));
        Assert.Matches("^on disk: partition [0-3], offset 0\n", program.Output);
        CliRun consumed = await CliRun.SucceedAsync("consume", "orders", "--exit-at-end", "--server", broker.Server);
        Assert.Equal("{\"total\":42}\n", consumed.Text);
    }

    [Fact]
    public void A_first_program_that_produces_and_consumes_has_fewer_than_15_lines()
    {
        string[] lines = [.. ReadmeSnippet.Of("README.md").Split('\n').Where(line => line.Trim().Length > 0)];
        Assert.InRange(lines.Length, 1, 14);
        Assert.Contains(lines, line => line.Contains("SendAsync", StringComparison.Ordinal));
        Assert.Contains(lines, line => line.Contains("ReadAllAsync", StringComparison.Ordinal));
    }

    [Fact]
    public void The_package_shows_the_same_program_as_the_repository() =>
        Assert.Equal(ReadmeSnippet.Of("README.md"), ReadmeSnippet.Of("src/Broker.Client/README.md"));

    /// <summary>
    /// As <c>dotnet new console</c> writes it, with our package. That one goes into a folder of the project's own, so that no
    /// version of an earlier run is taken for it; all others are where the build has put them.
    /// </summary>
    private string ProjectFile(string directory)
    {
        string home = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string known = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } set ? set : Path.Combine(home, ".nuget", "packages");
        return $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <OutputType>Exe</OutputType>
                <TargetFramework>net10.0</TargetFramework>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
                <TreatWarningsAsErrors>true</TreatWarningsAsErrors>
                <NuGetAudit>false</NuGetAudit>
                <RestoreAdditionalProjectSources>{package.Feed}</RestoreAdditionalProjectSources>
                <RestorePackagesPath>{Path.Combine(directory, "packages")}</RestorePackagesPath>
                <RestoreAdditionalProjectFallbackFolders>{known}</RestoreAdditionalProjectFallbackFolders>
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="{SdkPackage.Id}" Version="[{package.Version}]" />
              </ItemGroup>
            </Project>
            """;
    }

    private XElement Nuspec()
    {
        using ZipArchive content = package.Open("nupkg");
        return XDocument.Load(Bytes(content, $"{SdkPackage.Id}.nuspec")).Root!.Elements().Single();
    }

    private static IEnumerable<XElement> Items(string file, string element) => XDocument.Load(file).Descendants(element);

    private static bool IsOfTheFormat(string name) =>
        name is "[Content_Types].xml" || name.StartsWith("_rels/", StringComparison.Ordinal)
        || name.StartsWith("package/", StringComparison.Ordinal) || name.EndsWith(".nuspec", StringComparison.Ordinal);

    private static MemoryStream Bytes(ZipArchive archive, string name)
    {
        ZipArchiveEntry? entry = archive.GetEntry(name);
        Assert.True(entry is not null, $"{name} is not among {string.Join(", ", archive.Entries.Select(e => e.FullName))}");
        var bytes = new MemoryStream();
        using Stream content = entry.Open();
        content.CopyTo(bytes);
        bytes.Position = 0;
        return bytes;
    }
}
