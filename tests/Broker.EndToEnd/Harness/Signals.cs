using System.ComponentModel;
using System.Runtime.InteropServices;

namespace Broker.EndToEnd.Harness;

/// <summary>Signals that .NET has no call for.</summary>
internal static partial class Signals
{
    public const int Interrupt = 2;
    public const int Terminate = 15;
    public const int Kill = 9;
    public const int Continue = 18;
    public const int Stop = 19;

    public static void Send(int processId, int signal)
    {
        if (SendSignal(processId, signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    /// <summary>SIGSTOP. Returns when no thread of the process runs any more.</summary>
    public static async Task PauseAsync(int processId)
    {
        Send(processId, Stop);

        // T is stopped, t stopped under strace; a thread that waits for the disk stops when that answers.
        while (Directory.GetDirectories($"/proc/{processId}/task").Any(task => !IsStopped(task)))
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1));
        }
    }

    private static bool IsStopped(string task)
    {
        try
        {
            // pid (name) state …
            string stat = File.ReadAllText(Path.Combine(task, "stat"));
            return stat[stat.LastIndexOf(')') + 2] is 'T' or 't';
        }
        catch (IOException)
        {
            return true; // It ended meanwhile.
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int SendSignal(int processId, int signal);
}
