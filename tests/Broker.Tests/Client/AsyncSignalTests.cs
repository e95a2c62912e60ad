using Broker.Client.Producing;

namespace Broker.Tests.Client;

public class AsyncSignalTests
{
    [Fact]
    public void A_signal_before_the_wait_is_kept_once()
    {
        var signal = new AsyncSignal();
        signal.Set();
        signal.Set();

        Assert.True(signal.WaitAsync().AsTask().IsCompleted);
        Assert.False(signal.WaitAsync().AsTask().IsCompleted);
    }

    [Fact]
    public async Task No_work_that_was_announced_is_left_lying()
    {
        var signal = new AsyncSignal();
        int announced = 0;
        const int perThread = 50_000;
        var threads = Enumerable.Range(0, 3).Select(_ => new Thread(() =>
        {
            for (int i = 0; i < perThread; i++)
            {
                Interlocked.Increment(ref announced);
                signal.Set();
            }
        })).ToArray();
        Array.ForEach(threads, thread => thread.Start());

        int seen = 0;
        while (seen < threads.Length * perThread)
        {
            await signal.WaitAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));
            seen = Volatile.Read(ref announced);
        }

        Array.ForEach(threads, thread => thread.Join());
    }
}
