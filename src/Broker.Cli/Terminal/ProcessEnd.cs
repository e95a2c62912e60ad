using System.Runtime.InteropServices;

namespace Broker.Cli.Terminal;

/// <summary>The end of a process that has failed.</summary>
internal static partial class ProcessEnd
{
    /// <summary>
    /// Ends it at once, without what libraries do at an exit in order: after a failed sync the process must be gone within a second,
    /// and the state store's library would first wait for a database that is being opened.
    /// </summary>
    public static void Now(int exitCode)
    {
        if (!OperatingSystem.IsWindows())
        {
            Exit(exitCode);
        }
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Exit(int exitCode);
}
