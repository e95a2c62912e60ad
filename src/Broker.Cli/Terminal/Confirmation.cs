namespace Broker.Cli.Terminal;

/// <summary>Asks before something is lost for good.</summary>
internal static class Confirmation
{
    /// <summary>Returns when the user agrees; throws otherwise.</summary>
    /// <param name="host">Where to ask.</param>
    /// <param name="question">Ends in a question mark and names what would be lost.</param>
    public static async Task RequireAsync(CliHost host, string question)
    {
        if (!host.InIsTerminal || !host.ErrorIsTerminal)
        {
            throw new CliException("this deletes records for good and there is no terminal to ask on: add --yes", ExitCode.Usage);
        }

        await host.Error.WriteAsync($"{question} [y/N] ").ConfigureAwait(false);
        using var reader = new StreamReader(host.In, leaveOpen: true);
        Task<string?> answer = Task.Run(reader.ReadLine, CancellationToken.None);
        if ((await answer.WaitAsync(host.Interrupted).ConfigureAwait(false))?.Trim().ToLowerInvariant() is not ("y" or "yes"))
        {
            throw new CliException("nothing was deleted");
        }
    }
}
