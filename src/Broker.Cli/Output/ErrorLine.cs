using Broker.Cli.Terminal;

namespace Broker.Cli.Output;

/// <summary>Errors as one line on standard error.</summary>
internal static class ErrorLine
{
    public static void Write(CliHost host, string message)
    {
        string label = host.ErrorIsTerminal && host.ColourIsWanted ? "\u001b[31merror:\u001b[0m " : "error: ";
        host.Error.WriteLine(label + OneLine(message));
    }

    /// <summary>A remark that is not an error, such as what was done before an interruption.</summary>
    public static void Note(CliHost host, string message) => (host.NotesTo ?? host.Error.WriteLine)(OneLine(message));

    /// <summary>The message with every run of white space and control characters as one blank.</summary>
    public static string OneLine(string message)
    {
        var line = new System.Text.StringBuilder(message.Length);
        foreach (char character in message)
        {
            if (!char.IsWhiteSpace(character) && !char.IsControl(character))
            {
                line.Append(character);
            }
            else if (line.Length > 0 && line[^1] != ' ')
            {
                line.Append(' ');
            }
        }

        return line.ToString().TrimEnd();
    }
}
