using System.Diagnostics;

namespace Broker.Cli.Terminal;

/// <summary>
/// Ends what a token cannot: a write(2) into a pipe that is full and that nobody reads. Once the command is interrupted, a
/// write that lasts longer than <see cref="Patience"/> is given up, and the process with it.
/// </summary>
internal sealed class WriteWatch
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CheckInterval = TimeSpan.FromMilliseconds(100);

    private readonly Action _giveUp;

    // Stopwatch ticks; 0 while nothing is being written.
    private long _begun;

    public WriteWatch(Action giveUp, CancellationToken interrupted)
    {
        _giveUp = giveUp;
        interrupted.Register(() => _ = Task.Run(WatchAsync, CancellationToken.None));
    }

    public void Begin() => Volatile.Write(ref _begun, Stopwatch.GetTimestamp());

    public void End() => Volatile.Write(ref _begun, 0);

    private async Task WatchAsync()
    {
        long interrupted = Stopwatch.GetTimestamp();
        while (!IsStuck(interrupted))
        {
            await Task.Delay(CheckInterval).ConfigureAwait(false);
        }

        _giveUp();
    }

    private bool IsStuck(long interrupted)
    {
        long begun = Volatile.Read(ref _begun);
        return begun != 0 && Stopwatch.GetElapsedTime(Math.Max(begun, interrupted)) >= Patience;
    }
}
