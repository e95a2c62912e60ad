using Broker.Client.Producing;

namespace Broker.Tests.Client;

public class MemoryBudgetTests
{
    [Fact]
    public void No_more_is_given_than_there_is()
    {
        var budget = new MemoryBudget(100);

        Assert.True(budget.TryReserve(60));
        Assert.False(budget.TryReserve(41));
        Assert.True(budget.TryReserve(40));
        Assert.Equal(100, budget.UsedBytes);
    }

    [Fact]
    public async Task A_waiter_comes_back_when_what_it_was_refused_fits()
    {
        var budget = new MemoryBudget(100);
        budget.TryReserve(100);
        budget.TryReserve(50);

        Task waiting = budget.WaitAsync(CancellationToken.None);
        budget.Release(49);
        Assert.False(waiting.IsCompleted);
        budget.Release(1);

        await waiting.WaitAsync(TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Waiting_with_room_left_is_no_waiting()
    {
        Assert.True(new MemoryBudget(100).WaitAsync(CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task A_waiter_can_be_cancelled()
    {
        var budget = new MemoryBudget(100);
        budget.TryReserve(100);
        budget.TryReserve(1);
        using var cancelling = new CancellationTokenSource();

        Task waiting = budget.WaitAsync(cancelling.Token);
        await cancelling.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
