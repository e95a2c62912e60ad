using System.Xml.Linq;

namespace Broker.Tests.Tidy;

/// <summary>Which project may reference which: the layers of docs/architecture.md.</summary>
internal static class ProjectGraph
{
    /// <summary>The allowed direct references of each project under src, and of the checker. A project that is not named here fails.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Broker.Records"] = [],
        ["Broker.Storage"] = ["Broker.Records"],
        ["Broker.Engine"] = ["Broker.Storage", "Broker.Records"],
        // Decision 0003: the marshallers hand out the pooled buffers of Records.
        ["Broker.Protocol"] = ["Broker.Records"],
        ["Broker.Server"] = ["Broker.Engine", "Broker.Protocol"],
        ["Broker.Client"] = ["Broker.Protocol", "Broker.Records"],
        // The broker in memory: all of one in the process of a test.
        ["Broker.Client.Testing"] = ["Broker.Client", "Broker.Server", "Broker.Engine", "Broker.Storage"],
        ["Broker.Cli"] = ["Broker.Client", "Broker.Server", "Broker.Storage"],
        // What the broker gets wrong must not be wrong in whoever judges it.
        ["Broker.Checker"] = [],
    };

    /// <summary>Packages that belong to one layer: elsewhere they would blur it.</summary>
    private static readonly Dictionary<string, string[]> OwnersOfPackages = new()
    {
        ["RocksDB"] = ["Broker.Engine"],
        ["prometheus-net"] = ["Broker.Server"],
        ["Serilog"] = ["Broker.Server"],
        ["Grpc.AspNetCore"] = ["Broker.Server"],
        ["Grpc.Net.Client"] = ["Broker.Client"],
        ["Google.Protobuf"] = ["Broker.Protocol", "Broker.Server", "Broker.Client"],
        ["Spectre.Console"] = ["Broker.Cli"],
        ["System.CommandLine"] = ["Broker.Cli", "Broker.Checker"],
        ["K4os.Compression"] = ["Broker.Records"],
        ["ZstdSharp"] = ["Broker.Records"],
    };

    /// <summary>One sentence for each arrow that points the wrong way.</summary>
    public static IReadOnlyList<string> Violations(string project, IEnumerable<string> projectReferences, IEnumerable<string> packages)
    {
        var violations = new List<string>();
        if (!Allowed.TryGetValue(project, out string[]? allowed))
        {
            return [$"{project} has no place among the layers: name it in {nameof(ProjectGraph)}."];
        }

        violations.AddRange(projectReferences
            .Where(reference => !allowed.Contains(reference))
            .Select(reference => $"{project} → {reference} points the wrong way; {project} may reference: {Words(allowed)}."));
        foreach (string package in packages)
        {
            foreach ((string prefix, string[] owners) in OwnersOfPackages)
            {
                bool isMeant = package == prefix || package.StartsWith(prefix + ".", StringComparison.Ordinal);
                if (isMeant && !owners.Contains(project))
                {
                    violations.Add($"{project} uses {package}, which belongs to {Words(owners)}.");
                }
            }
        }

        return violations;
    }

    public static IEnumerable<string> ProjectReferences(string projectFile) =>
        Items(projectFile, "ProjectReference").Select(path => Path.GetFileNameWithoutExtension(path.Replace('\\', '/')));

    public static IEnumerable<string> PackageReferences(string projectFile) => Items(projectFile, "PackageReference");

    /// <summary>Sources of elsewhere that are compiled into the project.</summary>
    public static IEnumerable<string> LinkedSources(string projectFile) => Items(projectFile, "Compile");

    private static IEnumerable<string> Items(string projectFile, string element) =>
        XDocument.Load(projectFile).Descendants(element).Select(item => (string?)item.Attribute("Include")).OfType<string>();

    private static string Words(string[] names) => names.Length == 0 ? "nothing of ours" : string.Join(", ", names);
}
