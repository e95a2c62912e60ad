using System.Reflection;
using System.Text;
using Broker.Client;
using Broker.Client.Testing;
using Broker.Records;
using Broker.Server.Hosting;
using PublicApiGenerator;

namespace Broker.Tests.Tidy;

/// <summary>All that a user of a package can name, as a listing in C#.</summary>
/// <param name="promised">Assemblies whose public types are promised to users.</param>
internal sealed class PublicApi(string package, params IReadOnlyList<Assembly> promised)
{
    private static readonly ApiGeneratorOptions Options = new()
    {
        IncludeAssemblyAttributes = false,
        // Also the extensions that stand in namespaces of .NET.
        DenyNamespacePrefixes = [],
        // How the compiler has built an iterator, with a name of its own making.
        ExcludeAttributes = ["System.Runtime.CompilerServices.AsyncIteratorStateMachineAttribute", "System.Runtime.CompilerServices.EnumeratorCancellationAttribute"],
    };

    public static IReadOnlyList<PublicApi> Packages { get; } =
    [
        new("Broker.Client", typeof(BrokerClient).Assembly, typeof(RecordHeader).Assembly),
        new("Broker.Client.Testing", typeof(InMemoryBroker).Assembly),
    ];

    /// <summary>Assemblies in which nothing may be public: the rest of the packages, the broker and its command.</summary>
    public static IReadOnlyList<Assembly> Inner { get; } =
    [
        typeof(Broker.Protocol.ProduceFrame).Assembly,
        typeof(Broker.Storage.StorageException).Assembly,
        typeof(Broker.Engine.BrokerEngine).Assembly,
        typeof(BrokerHost).Assembly,
        typeof(Broker.Cli.CliApp).Assembly,
    ];

    public string File { get; } = Path.Combine(Repository.Root, "src", package, "PublicApi.txt");

    public IReadOnlyList<Assembly> Promised => promised;

    /// <summary>What was found when it was looked at last; empty when it never was.</summary>
    public string Listed => System.IO.File.Exists(File) ? System.IO.File.ReadAllText(File).ReplaceLineEndings("\n") : "";

    public string Listing()
    {
        var text = new StringBuilder($"// What the package {package} shows. Made by tests/public-api --accept; a test compares it with the build.\n");
        foreach (Assembly assembly in promised)
        {
            text.Append("\n// ").Append(assembly.GetName().Name).Append(".dll\n");
            text.Append(assembly.GeneratePublicApi(Options).ReplaceLineEndings("\n").TrimEnd()).Append('\n');
        }

        return text.ToString();
    }

    /// <summary>The lines that differ: − for what is listed and gone, + for what is there and not listed.</summary>
    public static IReadOnlyList<string> Differences(string listed, string found)
    {
        string[] before = Lines(listed);
        string[] now = Lines(found);
        return [.. before.Except(now).Select(line => "- " + line), .. now.Except(before).Select(line => "+ " + line)];
    }

    /// <summary>Each member with the type it is in, so that a line says by itself what it is about.</summary>
    private static string[] Lines(string listing)
    {
        var lines = new List<string>();
        string type = "";
        foreach (string line in listing.Split('\n'))
        {
            int indent = line.Length - line.TrimStart().Length;
            string words = line.Trim();
            if (words.Length == 0 || words is "{" or "}")
            {
                continue;
            }

            type = indent == 4 && !words.StartsWith('[') ? words : type;
            lines.Add(indent > 4 ? $"{words}    in {type}" : words);
        }

        return [.. lines];
    }
}
