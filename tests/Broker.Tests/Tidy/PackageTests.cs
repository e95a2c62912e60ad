using System.Text.Json;
using System.Xml.Linq;

namespace Broker.Tests.Tidy;

public sealed class PackageTests
{
    private static IEnumerable<string> Projects =>
        new[] { "src", "tests", "perf", "examples" }.SelectMany(folder => Repository.Files(folder, "*.csproj"));

    [Fact]
    public void Package_versions_stand_in_one_place() =>
        Expect.Nothing(
            from project in Projects
            from reference in XDocument.Load(project).Descendants("PackageReference")
            where reference.Attribute("Version") is not null || reference.Attribute("VersionOverride") is not null
                || reference.Element("Version") is not null
            select $"{Repository.Relative(project)}: {(string?)reference.Attribute("Include")} names its own version");

    [Fact]
    public void Every_named_version_is_used()
    {
        // Directly, or by a package that is: then the entry holds the version of what that one brings along.
        var locked = new HashSet<string>();
        foreach (string project in Projects)
        {
            using JsonDocument lockFile = JsonDocument.Parse(File.ReadAllText(LockFile(project)));
            locked.UnionWith(lockFile.RootElement.GetProperty("dependencies").EnumerateObject()
                .SelectMany(target => target.Value.EnumerateObject()).Select(package => package.Name));
        }

        XDocument central = XDocument.Load(Path.Combine(Repository.Root, "Directory.Packages.props"));
        Assert.Equal([], central.Descendants("PackageVersion").Select(version => (string)version.Attribute("Include")!).Except(locked));
    }

    [Fact]
    public void Every_project_has_a_lock_file() =>
        Expect.Nothing(Projects.Where(project => !File.Exists(LockFile(project))).Select(Repository.Relative));

    [Fact]
    public void Lock_files_are_the_same_on_every_host()
    {
        // These come with the SDK in its own version, so that another patch of the SDK would break a locked restore. The analysers of
        // trimming are named by version in Directory.Build.props.
        string analysers = XDocument.Load(Path.Combine(Repository.Root, "Directory.Build.props")).Descendants("TrimmingAnalysersVersion").Single().Value;
        string[] versionedWithTheSdk = ["Microsoft.NET.ILLink.Tasks", "Microsoft.DotNet.ILCompiler", "Microsoft.NETCore.App", "Microsoft.AspNetCore.App"];
        foreach (string project in Projects)
        {
            using JsonDocument locked = JsonDocument.Parse(File.ReadAllText(LockFile(project)));
            foreach (JsonProperty target in locked.RootElement.GetProperty("dependencies").EnumerateObject())
            {
                Assert.DoesNotContain('/', target.Name); // A runtime identifier in the target would be this host's.
                Expect.Nothing(target.Value.EnumerateObject()
                    .Where(package => package.Name != "Microsoft.NET.ILLink.Tasks" || package.Value.GetProperty("resolved").GetString() != analysers)
                    .Select(package => package.Name)
                    .Where(name => versionedWithTheSdk.Any(prefix => name.StartsWith(prefix, StringComparison.Ordinal)))
                    .Select(name => $"{Repository.Relative(project)}: {name}"));
            }
        }
    }

    private static string LockFile(string project) => Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json");
}
