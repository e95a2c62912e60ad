namespace Broker.Tests.Tidy;

public sealed class SourceFileTests
{
    // The aim is 400 lines; beyond 600 a file has more than one subject.
    private const int LinesMax = 600;

    private static IReadOnlyList<string> Sources { get; } = Repository.Files(".", "*.cs");

    [Fact]
    public void No_source_file_is_too_long() =>
        Expect.Nothing(
            from file in Sources
            let lines = File.ReadLines(file).Count()
            where lines > LinesMax
            select $"{Repository.Relative(file)}: {lines} lines, at most {LinesMax}");

    [Fact]
    public void A_namespace_is_its_folder()
    {
        var wrong = new List<string>();
        foreach (string file in Sources)
        {
            string? found = File.ReadLines(file).FirstOrDefault(line => line.StartsWith("namespace ", StringComparison.Ordinal));
            // src/Broker.Storage/Journal/X.cs → Broker.Storage.Journal
            string expected = string.Join('.', Repository.Relative(file).Split('/')[1..^1]);
            // Extensions for service collections stand where .NET looks for them.
            bool isExtension = found == "namespace Microsoft.Extensions.DependencyInjection;";
            if (found is not null && found != $"namespace {expected};" && !isExtension)
            {
                wrong.Add($"{Repository.Relative(file)}: \"{found}\", not \"namespace {expected};\"");
            }
        }

        Expect.Nothing(wrong);
    }
}
