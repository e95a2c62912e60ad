using Broker.Cli.Terminal;

namespace Broker.Tests.Cli;

public sealed class WriteWatchTests
{
    [Fact]
    public async Task A_write_that_outlasts_an_interruption_is_given_up()
    {
        using var interruption = new CancellationTokenSource();
        var givenUp = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var watch = new WriteWatch(givenUp.SetResult, interruption.Token);
        watch.Begin();
        watch.End();
        await interruption.CancelAsync();
        await Task.Delay(WriteWatch.Patience + WriteWatch.Patience);
        Assert.False(givenUp.Task.IsCompleted);

        watch.Begin();
        await givenUp.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }
}
