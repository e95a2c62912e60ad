using System.Diagnostics;
using Broker.Client;

namespace Broker.EndToEnd.Faults.Restarts;

/// <summary>A client with the SDK's own settings that asks one thing after the other. Whatever happens to the broker, it may only wait.</summary>
internal sealed class Asker : IAsyncDisposable
{
    private readonly BrokerClient _client;
    private readonly string _topic;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;
    private long _slowest;
    private int _answers;

    public Asker(string server, string topic)
    {
        _client = new BrokerClient(server);
        _topic = topic;
        _loop = Task.Run(RunAsync);
    }

    public int Answers => Volatile.Read(ref _answers);

    /// <summary>How long the slowest answer took since <see cref="Measure"/>.</summary>
    public TimeSpan Slowest => TimeSpan.FromTicks(Interlocked.Read(ref _slowest));

    public void Measure() => Interlocked.Exchange(ref _slowest, 0);

    /// <summary>What it was told in place of an answer; null when there was always one.</summary>
    public string? Failure => _loop.Exception?.InnerException?.ToString();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _client.DisposeAsync();
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            long asked = Stopwatch.GetTimestamp();
            await (_answers % 2 == 0 ? _client.Admin.DescribeTopicAsync(_topic) : (Task)_client.Admin.ListOffsetsAsync(_topic, StartAt.Latest));
            _slowest = Math.Max(_slowest, Stopwatch.GetElapsedTime(asked).Ticks);
            Interlocked.Increment(ref _answers);
            await Task.Delay(TimeSpan.FromMilliseconds(1)).ConfigureAwait(false);
        }
    }
}
