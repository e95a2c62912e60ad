using Broker.Cli.Terminal;
using Spectre.Console;

namespace Broker.Cli.Output;

/// <summary>A progress bar on standard error, on a terminal only, and only for work that takes long enough to wonder.</summary>
internal static class ProgressDisplay
{
    private static readonly TimeSpan ShownAfter = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromMilliseconds(100);

    /// <param name="host">Where to draw.</param>
    /// <param name="work">What is waited for; its failure is the caller's to see.</param>
    /// <param name="total">In the unit of <paramref name="done"/>; null when the end is not known.</param>
    /// <param name="done">How much is done now.</param>
    /// <param name="describe">The words beside the bar.</param>
    public static async Task ShowWhileAsync(CliHost host, Task work, long? total, Func<long> done, Func<string> describe)
    {
        if (!host.ErrorIsTerminal || await Task.WhenAny(work, Task.Delay(ShownAfter)).ConfigureAwait(false) == work)
        {
            return;
        }

        ProgressColumn[] columns = total is null
            ? [new SpinnerColumn(), new TaskDescriptionColumn()]
            : [new ProgressBarColumn(), new PercentageColumn(), new TaskDescriptionColumn()];
        IAnsiConsole console = SpectreConsoles.ForError(host);
        host.NotesTo = console.WriteLine;
        await console.Progress().AutoClear(true).Columns(columns).StartAsync(async context =>
        {
            // A task must have a name from the start.
            ProgressTask task = context.AddTask("starting", maxValue: Math.Max(total ?? 1, 1));
            task.IsIndeterminate = total is null;
            while (await Task.WhenAny(work, Task.Delay(RefreshInterval)).ConfigureAwait(false) != work)
            {
                task.Description = Markup.Escape(describe());
                task.Value = total is null ? 0 : done();
            }
        }).ConfigureAwait(false);
        host.NotesTo = null;
    }
}
