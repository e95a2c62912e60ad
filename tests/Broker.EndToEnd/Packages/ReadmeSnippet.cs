using System.Text.RegularExpressions;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Packages;

/// <summary>The C# program that a page shows.</summary>
internal static partial class ReadmeSnippet
{
    public static string Of(string page)
    {
        string text = File.ReadAllText(BuildOutput.PathOf(page)).ReplaceLineEndings("\n");
        return Assert.Single(Blocks().Matches(text)).Groups["code"].Value;
    }

    [GeneratedRegex("^```csharp\n(?<code>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Blocks();
}
