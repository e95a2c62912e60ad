using System.Text.RegularExpressions;
using Broker.Server.Configuration;

namespace Broker.Tests.Tidy;

/// <summary>What of the image can be held without building it; tests/container does the rest.</summary>
public sealed partial class ContainerFileTests
{
    private static readonly string[] Instructions =
        [.. Continued().Replace(File.ReadAllText(Path.Combine(Repository.Root, "Dockerfile")), " ").Split('\n').Where(line => line.Length > 0 && line[0] != '#')];

    private static IEnumerable<string> FinalStage => Instructions.Skip(Array.FindLastIndex(Instructions, line => line.StartsWith("FROM ", StringComparison.Ordinal)) + 1);

    [Fact]
    public void The_final_stage_runs_nothing_so_that_its_base_needs_no_shell()
    {
        Assert.DoesNotContain(FinalStage, line => line.StartsWith("RUN ", StringComparison.Ordinal));
        // Commands as words; one that is a single string would be given to a shell.
        Assert.All(
            FinalStage.Where(line => Regex.IsMatch(line, @"\b(CMD|ENTRYPOINT) ")),
            line => Assert.Matches(@"\b(CMD|ENTRYPOINT) \[""", line));
    }

    [Theory]
    [InlineData("Dockerfile")]
    [InlineData("compose.yaml")]
    [InlineData("deploy/broker.service")]
    [InlineData("tests/container")]
    public void Every_setting_that_is_named_is_one(string file)
    {
        string[] names = [.. Variable().Matches(File.ReadAllText(Path.Combine(Repository.Root, file))).Select(match => match.Value)];

        Assert.NotEmpty(names);
        Assert.All(names, name => Assert.NotNull(SettingCatalog.Find(SettingSources.KeyOfVariable(name))));
    }

    [Fact]
    public void What_is_copied_into_the_build_is_not_kept_out_of_it()
    {
        string[] kept = [.. File.ReadLines(Path.Combine(Repository.Root, ".dockerignore")).Where(line => line.StartsWith('!')).Select(line => line[1..])];
        string[] copied = [.. Instructions.Where(line => line.StartsWith("COPY ", StringComparison.Ordinal) && !line.Contains("--from", StringComparison.Ordinal))
            .SelectMany(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..^1])
            .Where(path => path != ".").Select(path => path.Split('/')[0]).Distinct()];

        Assert.Equal([], copied.Except(kept));
        Assert.All(kept, path => Assert.True(Path.Exists(Path.Combine(Repository.Root, path)), path));
    }

    [GeneratedRegex(@"\\\n")]
    private static partial Regex Continued();

    [GeneratedRegex("BROKER__[A-Z_]+")]
    private static partial Regex Variable();
}
