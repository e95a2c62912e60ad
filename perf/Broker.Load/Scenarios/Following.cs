using System.Diagnostics;
using Broker.Cli;
using Broker.Load.Values;

namespace Broker.Load.Scenarios;

/// <summary>A reader that follows a topic beside its producers, until it has read what they sent.</summary>
internal sealed class Following : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30), Pause = TimeSpan.FromMilliseconds(1);

    private readonly ConsumedTally _tally;
    private readonly CancellationTokenSource _stop;
    private readonly Task _reading;

    public Following(TopicReader reader, ConsumedTally tally, CancellationToken cancellationToken)
    {
        _tally = tally;
        _stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _reading = Task.Run(() => reader.ReadAsync(stopAtEnd: false, deadline: long.MaxValue, _stop.Token), cancellationToken);
    }

    /// <summary>Fails as soon as reading has failed, else as the producers do.</summary>
    public async Task WhileProducingAsync(Task producing)
    {
        if (await Task.WhenAny(producing, _reading).ConfigureAwait(false) == _reading)
        {
            await _reading.ConfigureAwait(false);
        }

        await producing.ConfigureAwait(false);
    }

    /// <summary>Returns when so many have been read and stops reading.</summary>
    /// <exception cref="CliException">They do not come.</exception>
    public async Task FinishAsync(long recordCount, CancellationToken cancellationToken)
    {
        await ReadAsync(recordCount, cancellationToken).ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        try
        {
            await _reading.ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // As it was to end.
        }
    }

    /// <summary>Returns when so many have been read.</summary>
    /// <exception cref="CliException">They do not come.</exception>
    public async Task ReadAsync(long recordCount, CancellationToken cancellationToken)
    {
        (long read, long since) = (_tally.Count, Stopwatch.GetTimestamp());
        while (_tally.Count < recordCount && !_reading.IsCompleted)
        {
            await Task.Delay(Pause, cancellationToken).ConfigureAwait(false);
            if (_tally.Count != read)
            {
                (read, since) = (_tally.Count, Stopwatch.GetTimestamp());
            }
            else if (Stopwatch.GetElapsedTime(since) > Patience)
            {
                throw new CliException($"{read:N0} of {recordCount:N0} records were read, and no more came for {Patience.TotalSeconds:N0} s");
            }
        }

        if (_reading.IsFaulted)
        {
            await _reading.ConfigureAwait(false);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
