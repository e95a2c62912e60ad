using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Broker.Load.Scenarios;

/// <summary>Waits to some microseconds, which the runtime's own sleeps do not.</summary>
internal static partial class Pacer
{
    private const int SetTimerSlack = 29; // PR_SET_TIMERSLACK

    /// <summary>Has the waits of this thread end in time.</summary>
    public static void PrepareThread()
    {
        if (OperatingSystem.IsLinux())
        {
            // By default the kernel may wake a thread 50 µs late.
            _ = ProcessControl(SetTimerSlack, 1, 0, 0, 0);
        }
    }

    /// <param name="timestamp">Of <see cref="Stopwatch"/>.</param>
    public static void WaitUntil(long timestamp)
    {
        long nanoseconds = (long)((timestamp - Stopwatch.GetTimestamp()) * (1e9 / Stopwatch.Frequency));
        if (nanoseconds <= 0)
        {
            return;
        }

        if (OperatingSystem.IsWindows())
        {
            SpinWait.SpinUntil(() => Stopwatch.GetTimestamp() >= timestamp);
            return;
        }

        var wait = new TimeSpec { Seconds = (nint)(nanoseconds / 1_000_000_000), Nanoseconds = (nint)(nanoseconds % 1_000_000_000) };
        _ = NanoSleep(wait, IntPtr.Zero);
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int NanoSleep(in TimeSpec wait, IntPtr left);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nuint second, nuint third, nuint fourth, nuint fifth);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
