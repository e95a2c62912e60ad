using System.Text;
using System.Text.RegularExpressions;

namespace Broker.Tests.Tidy;

/// <summary>Bugs sown on purpose (src/Broker.Records/Mutant.cs) stay out of what people run, and none is forgotten.</summary>
public sealed partial class MutantTests
{
    private static readonly string[] Assemblies =
        ["Broker.Records", "Broker.Storage", "Broker.Engine", "Broker.Protocol", "Broker.Server", "Broker.Client", "Broker.Client.Testing", "broker"];

    [Fact]
    public void The_sources_sow_some() => Assert.NotEmpty(Sown());

    [Fact]
    public void Assemblies_that_people_run_hold_none()
    {
        foreach (string assembly in Assemblies)
        {
            byte[] bytes = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, assembly + ".dll"));
            // Strings of the program are UTF-16 in an assembly, names of types UTF-8.
            string[] found = [.. Sown().Where(name => bytes.AsSpan().IndexOf(Encoding.Unicode.GetBytes(name)) >= 0)];
            Assert.True(found.Length == 0, $"{assembly} holds {string.Join(", ", found)}");
            Assert.True(bytes.AsSpan().IndexOf("\0Mutant\0"u8) < 0, $"{assembly} holds the type Mutant");
        }
    }

    [Fact]
    public void Each_is_behind_the_build_symbol()
    {
        foreach (string file in Repository.Files("src", "*.cs"))
        {
            int depth = 0;
            foreach ((string line, int number) in File.ReadLines(file).Select((line, at) => (line, at + 1)))
            {
                depth += line switch
                {
                    "#if BROKER_MUTANTS" => 1,
                    "#endif" when depth > 0 => -1,
                    _ => 0,
                };
                Assert.False(depth == 0 && line.Contains("Mutant.", StringComparison.Ordinal), $"{Repository.Relative(file)}:{number}: {line.Trim()}");
            }
        }
    }

    [Fact]
    public void Each_is_hunted_and_has_a_row_in_the_docs()
    {
        string docs = File.ReadAllText(Path.Combine(Repository.Root, "docs", "testing.md"));
        string hunts = File.ReadAllText(Path.Combine(Repository.Root, "tests", "mutants"));
        foreach (string name in Sown())
        {
            Assert.Contains($"\n| `{name}` |", docs, StringComparison.Ordinal);
            Assert.Contains($"\n{name} ", hunts, StringComparison.Ordinal);
        }
    }

    private static IReadOnlyCollection<string> Sown() =>
    [
        .. Repository.Files("src", "*.cs").SelectMany(file => Place().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).Distinct(),
    ];

    [GeneratedRegex("""Mutant\.Is\("([a-z-]+)"\)""")]
    private static partial Regex Place();
}
