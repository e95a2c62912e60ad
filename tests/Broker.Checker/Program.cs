using System.CommandLine;
using System.CommandLine.Help;
using System.Text.Json;
using Broker.Checker.Histories;
using Broker.Checker.Reports;

namespace Broker.Checker;

/// <summary>Judges histories; tests/checker calls it.</summary>
internal static class Program
{
    public const int Good = 0, Bad = 1, Unreadable = 2;

    public static int Main(string[] args) => Run(args, Console.Out, Console.Error);

    public static int Run(string[] args, TextWriter output, TextWriter error)
    {
        ParseResult parsed = Build(output, error).Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        int code = parsed.Invoke(new InvocationConfiguration { Output = output, Error = error });
        return parsed.Errors.Count > 0 ? Unreadable : code;
    }

    private static Command Build(TextWriter output, TextWriter error)
    {
        var histories = new Argument<string[]>("HISTORY")
        {
            Description = "Files as docs/history-format.md describes them, each judged by itself",
            Arity = ArgumentArity.OneOrMore,
        };
        var format = new Option<string>("--output", "-o")
        {
            Description = "For people (text) or for programs (json)",
            HelpName = "text|json",
            DefaultValueFactory = _ => "text",
        };
        format.AcceptOnlyFromAmong("text", "json");
        var policy = new Option<string[]>("--policy")
        {
            Description = "Forbid also what is otherwise only reported; may be given several times",
            HelpName = string.Join('|', Policy.Choices),
        };
        policy.AcceptOnlyFromAmong([.. Policy.Choices]);
        var root = new Command(
            "tests/checker",
            "Says whether what clients of a broker have seen keeps its promises. The exit code is 0 when it does, 1 when it does not or when nothing was "
            + "read, and 2 when a history cannot be understood.")
        {
            histories, format, policy, new HelpOption(),
        };
        root.SetAction(parsed => Judge(
            parsed.GetValue(histories)!, new Policy { Also = (parsed.GetValue(policy) ?? []).ToHashSet() }, parsed.GetValue(format) == "json", output, error));
        return root;
    }

    private static int Judge(string[] paths, Policy policy, bool asJson, TextWriter output, TextWriter error)
    {
        int code = Good;
        using var buffer = new MemoryStream();
        using var json = new Utf8JsonWriter(buffer, JsonReport.Options);
        json.WriteStartArray();
        foreach (string path in paths)
        {
            try
            {
                var verdict = new Verdict(HistoryReader.Read(path), policy);
                code = Math.Max(code, verdict.IsGood ? Good : Bad);
                if (asJson)
                {
                    JsonReport.Write(json, path, verdict);
                }
                else
                {
                    TextReport.Write(output, path, verdict);
                }
            }
            catch (Exception exception) when (exception is HistoryException or IOException or UnauthorizedAccessException)
            {
                code = Unreadable;
                error.WriteLine(exception is HistoryException ? $"{path}, {exception.Message}" : exception.Message);
            }
        }

        json.WriteEndArray();
        json.Flush();
        if (asJson)
        {
            output.WriteLine(System.Text.Encoding.UTF8.GetString(buffer.ToArray()));
        }

        return code;
    }
}
