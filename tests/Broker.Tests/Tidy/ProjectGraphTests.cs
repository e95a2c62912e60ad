namespace Broker.Tests.Tidy;

public sealed class ProjectGraphTests
{
    private static readonly string Checker = Path.Combine(Repository.Root, "tests", "Broker.Checker", "Broker.Checker.csproj");

    [Fact]
    public void Project_references_point_one_way()
    {
        string[] projects = [.. Repository.Files("src", "*.csproj"), Checker];
        Assert.True(projects.Length > 1);
        Expect.Nothing(projects.SelectMany(file => ProjectGraph.Violations(
            Path.GetFileNameWithoutExtension(file), ProjectGraph.ProjectReferences(file), ProjectGraph.PackageReferences(file))));
    }

    [Theory]
    [InlineData("Broker.Records", "Broker.Storage")]
    [InlineData("Broker.Storage", "Broker.Engine")]
    [InlineData("Broker.Storage", "Broker.Protocol")]
    [InlineData("Broker.Engine", "Broker.Server")]
    [InlineData("Broker.Engine", "Broker.Protocol")]
    [InlineData("Broker.Client", "Broker.Engine")]
    [InlineData("Broker.Client", "Broker.Storage")]
    [InlineData("Broker.Server", "Broker.Client")]
    [InlineData("Broker.Checker", "Broker.Records")]
    [InlineData("Broker.Checker", "Broker.Client")]
    [InlineData("Broker.Cli", "Broker.Client.Testing")]
    public void An_arrow_the_wrong_way_is_found(string from, string to)
    {
        string violation = Assert.Single(ProjectGraph.Violations(from, [to], packages: []));
        Assert.Contains($"{from} → {to}", violation, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Broker.Storage", "Google.Protobuf")]
    [InlineData("Broker.Client", "RocksDB")]
    [InlineData("Broker.Engine", "prometheus-net.AspNetCore")]
    [InlineData("Broker.Checker", "Google.Protobuf")]
    public void A_package_in_the_wrong_layer_is_found(string project, string package) =>
        Assert.Contains(package, Assert.Single(ProjectGraph.Violations(project, [], [package])), StringComparison.Ordinal);

    [Fact]
    public void A_new_project_must_be_given_its_place() =>
        Assert.Contains("has no place", Assert.Single(ProjectGraph.Violations("Broker.New", [], [])), StringComparison.Ordinal);

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = File.ReadAllText(Path.Combine(Repository.Root, "Broker.sln")).Replace('\\', '/');
        IEnumerable<string> projects = new[] { "src", "tests", "perf", "examples" }.SelectMany(folder => Repository.Files(folder, "*.csproj"));
        Assert.All(projects.Select(Repository.Relative), path => Assert.Contains(path, solution, StringComparison.Ordinal));
    }

    [Fact]
    public void Examples_reference_what_a_user_of_the_package_has_and_nothing_else()
    {
        string[] all = [.. Repository.Files("examples", "*.csproj"), Path.Combine(Repository.Root, "examples", "Directory.Build.props")];
        Assert.Equal(["Broker.Client", "Broker.Client.Testing"], all.SelectMany(ProjectGraph.ProjectReferences).Distinct().Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_checker_compiles_its_own_sources_alone() => Assert.Empty(ProjectGraph.LinkedSources(Checker));

    [Fact]
    public void The_container_file_restores_every_project_of_the_command()
    {
        string container = File.ReadAllText(Path.Combine(Repository.Root, "Dockerfile"));
        HashSet<string> projects = ["Broker.Cli"];
        while (projects.SelectMany(References).Except(projects).ToList() is { Count: > 0 } more)
        {
            projects.UnionWith(more);
        }

        Assert.Contains("Broker.Records", projects);
        Assert.All(
            projects.Select(project => $"src/{project}"),
            folder => Assert.Contains($"COPY {folder}/*.csproj {folder}/packages.lock.json {folder}/", container, StringComparison.Ordinal));

        static IEnumerable<string> References(string project) =>
            ProjectGraph.ProjectReferences(Path.Combine(Repository.Root, "src", project, project + ".csproj"));
    }
}
