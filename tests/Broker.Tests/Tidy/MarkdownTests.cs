namespace Broker.Tests.Tidy;

public sealed class MarkdownTests
{
    [Fact]
    public void No_relative_link_is_dead()
    {
        IReadOnlyList<string> pages = Repository.Files(".", "*.md");
        Assert.NotEmpty(pages);
        Expect.Nothing(
            from page in pages
            from target in Markdown.DeadLinks(page, File.ReadAllText(page), Read)
            select $"{Repository.Relative(page)}: {target}");
    }

    [Theory]
    [InlineData("[a](missing.md)", "missing.md")]
    [InlineData("[a](there.md#no-such-heading)", "there.md#no-such-heading")]
    [InlineData("[a](#nowhere)", "#nowhere")]
    [InlineData("![a](../pictures/missing.png)", "../pictures/missing.png")]
    public void A_dead_link_is_found(string text, string target) =>
        Assert.Equal([target], Markdown.DeadLinks("/docs/page.md", text, ReadSample));

    [Theory]
    [InlineData("[a](there.md)")]
    [InlineData("[a](there.md#two-words-and-code)")]
    [InlineData("# Here it is\n[a](#here-it-is)")]
    [InlineData("[a](https://example.org/missing.md)")]
    [InlineData("`[a](missing.md)`")]
    [InlineData("```\n[a](missing.md)\n```")]
    public void A_live_link_is_left_alone(string text) =>
        Assert.Empty(Markdown.DeadLinks("/docs/page.md", text, ReadSample));

    private static string? ReadSample(string path) => path == "/docs/there.md" ? "# There\n\n## Two words, and `code`\n" : null;

    private static string? Read(string path) =>
        File.Exists(path) ? File.ReadAllText(path) : Directory.Exists(path) ? "" : null;
}
