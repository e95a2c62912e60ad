using System.IO.Compression;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using System.Xml.Linq;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Packages;

/// <summary>The packages of the client and of the broker in memory, as applications and their tests get them.</summary>
public sealed class SdkPackageTests(SdkPackages packages) : IClassFixture<SdkPackages>
{
    public static TheoryData<string> Ids { get; } = [.. SdkPackages.Assemblies.Keys];

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_package_holds_its_assemblies_with_their_documentation_and_nothing_of_the_build(string id)
    {
        using ZipArchive content = packages.Open(id, "nupkg");
        string[] files = [.. content.Entries.Select(entry => entry.FullName).Where(name => !IsOfTheFormat(name)).Order(StringComparer.Ordinal)];
        Assert.Equal(
            [
                "LICENSE", "README.md",
                .. SdkPackages.Assemblies[id].SelectMany(name => new[] { $"lib/net10.0/{name}.dll", $"lib/net10.0/{name}.xml" }),
            ],
            files);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_package_depends_on_what_its_projects_reference(string id)
    {
        // Only a broker on a real disk opens the state store, whose library is larger than all the rest.
        const string unused = "RocksDB";
        Dictionary<string, string> central = Items(BuildOutput.PathOf("Directory.Packages.props"), "PackageVersion")
            .ToDictionary(item => (string)item.Attribute("Include")!, item => (string)item.Attribute("Version")!);
        IEnumerable<(string, string)> referenced = SdkPackages.Assemblies[id]
            .SelectMany(project => Items(BuildOutput.PathOf($"src/{project}/{project}.csproj"), "PackageReference"))
            .Where(item => (string?)item.Attribute("PrivateAssets") != "all")
            .Select(item => (string)item.Attribute("Include")!)
            .Where(package => package != unused)
            .Select(package => (package, central[package]));
        // They see each other's insides: no other version fits.
        (string, string)[] ours = id == SdkPackages.Testing ? [(SdkPackages.Client, $"[{packages.Version}]")] : [];

        IEnumerable<(string, string)> named = Nuspec(id).Descendants().Where(element => element.Name.LocalName == "dependency")
            .Select(element => ((string)element.Attribute("id")!, (string)element.Attribute("version")!));

        Assert.Equal([.. referenced.Concat(ours).Distinct().OrderBy(package => package.Item1, StringComparer.Ordinal)], named);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void A_package_says_what_it_is(string id)
    {
        XElement metadata = Nuspec(id);
        string? Text(string name) => metadata.Elements().SingleOrDefault(element => element.Name.LocalName == name)?.Value;
        Assert.Equal(id, Text("id"));
        Assert.Equal(packages.Version, Text("version"));
        Assert.Equal("MIT", Text("license"));
        Assert.Equal("README.md", Text("readme"));
        Assert.NotEmpty(Text("description")!);
    }

    [Theory]
    [MemberData(nameof(Ids))]
    public void Its_symbols_belong_to_its_assemblies_and_hold_their_sources(string id)
    {
        using ZipArchive content = packages.Open(id, "nupkg");
        using ZipArchive symbols = packages.Open(id, "snupkg");
        foreach (string name in SdkPackages.Assemblies[id])
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
        await File.WriteAllTextAsync(Path.Combine(project.Path, "First.csproj"), packages.ProjectFile(project.Path, SdkPackages.Client, "<PropertyGroup><OutputType>Exe</OutputType></PropertyGroup>"));

        await RunningProgram.DotnetAsync(project.Path, "build", "--configuration", "Release", "--output", "out");
        Assert.True(Directory.Exists(Path.Combine(project.Path, "packages", SdkPackages.Client.ToLowerInvariant(), packages.Version)));
        await broker.StartAsync();
        await using RunningProgram program = RunningProgram.StartDotnet(project.Path, Path.Combine(project.Path, "out", "First.dll"));

        await program.WaitForAsync(output => output.Contains("customer-7: {\"total\":42}", StringComparison.Ordinal));
        Assert.Matches("^on disk: partition [0-3], offset 0\n", program.Output);
        CliRun consumed = await CliRun.SucceedAsync("consume", "orders", "--exit-at-end", "--server", broker.Server);
        Assert.Equal("{\"total\":42}\n", consumed.Text);
    }

    [Fact]
    public async Task The_test_in_the_readme_of_the_broker_in_memory_passes_in_an_empty_project()
    {
        using var project = new TemporaryDirectory();
        await File.WriteAllTextAsync(Path.Combine(project.Path, "OrderTests.cs"), ReadmeSnippet.Of("src/Broker.Client.Testing/README.md"));
        await File.WriteAllTextAsync(Path.Combine(project.Path, "Tests.csproj"), packages.ProjectFile(project.Path, SdkPackages.Testing, TestPackages()));

        string said = await RunningProgram.SucceedAsync(BrokerCommandLine.Dotnet, project.Path, "test", "--output", "out");
        Assert.Contains("Passed!", said, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(project.Path, "out", "RocksDbSharp.dll")));

        static string TestPackages()
        {
            string[] ids = ["Microsoft.NET.Test.Sdk", "xunit", "xunit.runner.visualstudio"];
            IEnumerable<string> lines = Items(BuildOutput.PathOf("Directory.Packages.props"), "PackageVersion")
                .Where(item => ids.Contains((string)item.Attribute("Include")!))
                .Select(item => $"""<PackageReference Include="{(string)item.Attribute("Include")!}" Version="{(string)item.Attribute("Version")!}" />""");
            // Said outright, it spares the packages that ASP.NET holds itself, which the build has put nowhere.
            return $"""<ItemGroup>{string.Concat(lines)}<FrameworkReference Include="Microsoft.AspNetCore.App" /><Using Include="Xunit" /></ItemGroup>""";
        }
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

    private XElement Nuspec(string id)
    {
        using ZipArchive content = packages.Open(id, "nupkg");
        return XDocument.Load(Bytes(content, $"{id}.nuspec")).Root!.Elements().Single();
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
