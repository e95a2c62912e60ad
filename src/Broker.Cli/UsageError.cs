using System.CommandLine;
using Broker.Engine.Text;

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
        IEnumerable<string> known = command.Subcommands.Where(sub => !sub.Hidden).Select(sub => sub.Name);
        string suggestion = NearestName.Find(token, known) is { } nearest ? $"; did you mean '{nearest}'?" : "";
        return $"there is no command '{token}'{suggestion}";
    }
}
