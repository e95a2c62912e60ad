using Broker.Client.Producing;

namespace Broker.Tests.Client;

public sealed class SendLineTests
{
    private readonly SendLine _line = new();

    [Fact]
    public async Task Turns_come_in_the_order_of_joining()
    {
        SendLine.Place first = _line.Join(), second = _line.Join(), third = _line.Join();
        Assert.True(first.Turn.IsCompleted);
        Assert.False(second.Turn.IsCompleted);
        _line.Leave(first);
        await second.Turn;
        Assert.False(third.Turn.IsCompleted);
        _line.Leave(second);
        await third.Turn;
        Assert.False(_line.IsEmpty);
        _line.Leave(third);
        Assert.True(_line.IsEmpty);
    }

    [Fact]
    public async Task One_that_gives_up_lets_nobody_pass_those_before_it()
    {
        SendLine.Place first = _line.Join(), second = _line.Join(), third = _line.Join();
        _line.Leave(second);
        Assert.False(third.Turn.IsCompleted);
        _line.Leave(first);
        await third.Turn;
        _line.Leave(third);
        Assert.True(_line.IsEmpty);
    }
}
