using Broker.Client.Producing;

namespace Broker.Tests.Client;

public sealed class SendLineTests
{
    private readonly SendLine _line = new();

    [Fact]
    public async Task Turns_come_in_the_order_of_joining()
    {
        TaskCompletionSource first = new(), second = new(), third = new();
        Task firstTurn = _line.Join("t", first), secondTurn = _line.Join("t", second), thirdTurn = _line.Join("t", third);

        Assert.True(firstTurn.IsCompleted);
        Assert.False(secondTurn.IsCompleted);
        _line.Leave("t", first);
        await secondTurn;
        Assert.False(thirdTurn.IsCompleted);
        _line.Leave("t", second);
        await thirdTurn;
        Assert.True(_line.HasWaiters("t"));
        _line.Leave("t", third);
        Assert.False(_line.HasWaiters("t"));
    }

    [Fact]
    public void Those_with_another_topic_do_not_wait()
    {
        _line.Join("a", new TaskCompletionSource());

        Assert.False(_line.HasWaiters("b"));
        Assert.True(_line.Join("b", new TaskCompletionSource()).IsCompleted);
    }
}
