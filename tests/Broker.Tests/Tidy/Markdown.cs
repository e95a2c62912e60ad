using System.Text;
using System.Text.RegularExpressions;

namespace Broker.Tests.Tidy;

/// <summary>Finds the links of a page that lead nowhere.</summary>
internal static partial class Markdown
{
    /// <param name="page">The page's full path; relative links start from its folder.</param>
    /// <param name="text">Its text.</param>
    /// <param name="read">Gives a file's text, or null where there is none; called with a folder it gives "".</param>
    public static IEnumerable<string> DeadLinks(string page, string text, Func<string, string?> read)
    {
        foreach (Match link in Link().Matches(WithoutCode(text)))
        {
            string target = link.Groups["target"].Value;
            if (target.Contains("://", StringComparison.Ordinal) || target.StartsWith("mailto:", StringComparison.Ordinal))
            {
                continue;
            }

            string[] parts = target.Split('#', count: 2);
            string path = parts[0].Length == 0 ? page : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page)!, parts[0]));
            string? linked = parts[0].Length == 0 ? text : read(path);
            if (linked is null || (parts.Length == 2 && !Anchors(linked).Contains(parts[1])))
            {
                yield return target;
            }
        }
    }

    /// <summary>The anchors that a page's headings get: lower case, blanks to hyphens, other signs dropped.</summary>
    private static HashSet<string> Anchors(string text)
    {
        var anchors = new HashSet<string>();
        foreach (Match heading in Heading().Matches(WithoutCode(text, inline: false)))
        {
            var anchor = new StringBuilder();
            foreach (char sign in heading.Groups["words"].Value.Trim().ToLowerInvariant())
            {
                if (char.IsLetterOrDigit(sign) || sign is '-' or '_')
                {
                    anchor.Append(sign);
                }
                else if (sign == ' ')
                {
                    anchor.Append('-');
                }
            }

            string name = anchor.ToString();
            for (int again = 1; !anchors.Add(name); again++)
            {
                name = $"{anchor}-{again}";
            }
        }

        return anchors;
    }

    private static string WithoutCode(string text, bool inline = true)
    {
        string withoutBlocks = Fence().Replace(text, "");
        return inline ? InlineCode().Replace(withoutBlocks, "") : withoutBlocks;
    }

    [GeneratedRegex(@"\[[^\]]*\]\((?<target>[^)\s]+)(\s+""[^""]*"")?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^#{1,6}\s+(?<words>.+?)\s*$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"^\s*(```|~~~).*?^\s*\1\s*$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("`[^`\n]*`")]
    private static partial Regex InlineCode();
}
