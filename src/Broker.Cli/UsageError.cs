using System.CommandLine;

namespace Broker.Cli;

/// <summary>What was wrong with a command line, in one line that says where to read on.</summary>
internal static class UsageError
{
    public static string Describe(ParseResult parsed, string program)
    {
        string path = PathOf(parsed.CommandResult.Command, program);
        string message = parsed.UnmatchedTokens is [{ } token, ..] && !token.StartsWith('-')
            && parsed.CommandResult.Command.Subcommands.Count > 0
            ? UnknownCommand(parsed.CommandResult.Command, token)
            : parsed.Errors.Count > 0 ? parsed.Errors[0].Message.TrimEnd('.') : "the command line is not complete";
        return $"{message} (see {path} --help)";
    }

    public static string PathOf(Command command, string program = "broker") =>
        command.Parents.OfType<Command>().FirstOrDefault() is { } parent ? $"{PathOf(parent, program)} {command.Name}" : program;

    private static string UnknownCommand(Command command, string token)
    {
        string? nearest = command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name)
            .MinBy(name => EditDistance(name, token));
        string suggestion = nearest is not null && EditDistance(nearest, token) <= 2 ? $"; did you mean '{nearest}'?" : "";
        return $"there is no command '{token}'{suggestion}";
    }

    private static int EditDistance(string left, string right)
    {
        int[] previous = [.. Enumerable.Range(0, right.Length + 1)];
        for (int row = 1; row <= left.Length; row++)
        {
            int[] current = new int[right.Length + 1];
            current[0] = row;
            for (int column = 1; column <= right.Length; column++)
            {
                int substitution = previous[column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1);
                current[column] = Math.Min(substitution, Math.Min(previous[column], current[column - 1]) + 1);
            }

            previous = current;
        }

        return previous[^1];
    }
}
