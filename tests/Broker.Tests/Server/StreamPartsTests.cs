using Broker.Engine;
using Broker.Server.Streams;
using Durability = Broker.Protocol.V1.Durability;

namespace Broker.Tests.Server;

public sealed class StreamPartsTests
{
    [Fact]
    public async Task A_budget_lets_wait_and_serves_in_the_order_of_arrival()
    {
        var budget = new ByteBudget(100);
        Assert.True(budget.TakeAsync(60, default).AsTask().IsCompletedSuccessfully);
        Task large = budget.TakeAsync(70, default).AsTask();
        Task small = budget.TakeAsync(10, default).AsTask();

        Assert.False(small.IsCompleted, "a small request must not overtake a large one");
        budget.Release(60);
        await large;
        await small;

        Assert.Equal(80, budget.TakenBytes);
    }

    [Fact]
    public async Task A_budget_gives_one_request_that_is_larger_than_itself_when_nothing_else_is_out()
    {
        var budget = new ByteBudget(100);

        await budget.TakeAsync(500, default);
        Task next = budget.TakeAsync(1, default).AsTask();

        Assert.False(next.IsCompleted);
        budget.Release(500);
        await next;
    }

    [Fact]
    public async Task A_request_that_gives_up_takes_nothing_and_lets_the_next_one_pass()
    {
        var budget = new ByteBudget(100);
        await budget.TakeAsync(60, default);
        using var impatience = new CancellationTokenSource();
        Task large = budget.TakeAsync(70, impatience.Token).AsTask();
        Task small = budget.TakeAsync(10, default).AsTask();

        await impatience.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => large);
        await small;
        Assert.Equal(70, budget.TakenBytes);
    }

    [Fact]
    public async Task A_signal_without_a_waiter_is_kept_and_two_of_them_are_one()
    {
        var wake = new WakeSignal();
        wake.Signal();
        wake.Signal();

        await wake.WaitAsync();
        Task second = wake.WaitAsync().AsTask();
        Assert.False(second.IsCompleted);
        wake.Signal();
        await second;
    }

    [Fact]
    public void Acks_leave_in_order_and_wait_for_what_their_durability_asks()
    {
        var pending = new PendingAcks();
        Assert.True(pending.Add(Request(1, visibleLsn: 5), [Outcome(5, Durability.Durable)]));
        Assert.False(pending.Add(Request(2, writtenLsn: 6), [Outcome(6, Durability.Os)]));
        Assert.False(pending.Add(Request(3, visibleLsn: 0), [Outcome(0, Durability.Durable)]));
        var response = new AckBuilder(incarnation: 7);

        Assert.False(pending.TryTakeReady(writtenLsn: 9, visibleLsn: 4, response, out _));
        Assert.True(pending.TryTakeReady(writtenLsn: 9, visibleLsn: 5, response, out _));
        Assert.True(pending.TryTakeReady(writtenLsn: 9, visibleLsn: 5, response, out _));
        Assert.True(pending.TryTakeReady(writtenLsn: 9, visibleLsn: 5, response, out _));
        Assert.False(pending.TryTakeReady(writtenLsn: 9, visibleLsn: 9, response, out _));

        Assert.Equal([1UL, 2UL, 3UL], response.Response.Acks.Select(a => a.CorrelationId));
        Assert.Equal([5UL, 6UL, 0UL], response.Response.Acks.Select(a => Assert.Single(a.Results).Lsn));
    }

    [Fact]
    public void Bytes_are_freed_when_the_journal_is_done_with_them_even_if_the_ack_left_earlier()
    {
        var pending = new PendingAcks();
        pending.Add(Request(1, writtenLsn: 6), [Outcome(6, Durability.Os)]);

        Assert.True(pending.TryTakeReady(writtenLsn: 6, visibleLsn: 5, new AckBuilder(1), out _));
        Assert.Equal(0, pending.TakeFreedBytes(visibleLsn: 5));
        Assert.False(pending.IsEmpty);
        Assert.False(pending.TryTakeReady(writtenLsn: 9, visibleLsn: 9, new AckBuilder(1), out _));
        Assert.Equal(100, pending.TakeFreedBytes(visibleLsn: 6));
        Assert.True(pending.IsEmpty);
    }

    [Fact]
    public void A_ring_keeps_order_and_indexes_while_it_grows()
    {
        var ring = new Ring<long>();
        for (long i = 0; i < 1000; i++)
        {
            ring.Add(i);
            ring.DropBefore(i / 3);
        }

        Assert.Equal(1000, ring.Tail);
        for (long i = ring.Head; i < ring.Tail; i++)
        {
            Assert.Equal(i, ring[i]);
        }
    }

    private static PendingRequest Request(ulong correlationId, long visibleLsn = 0, long writtenLsn = 0) =>
        new(correlationId, 1, visibleLsn, writtenLsn, Math.Max(visibleLsn, writtenLsn), SizeBytes: 100, ReceivedTimestamp: 0, Commit: null);

    private static BatchOutcome Outcome(long lsn, Durability durability) =>
        new(0, 0, IsDuplicate: false, durability, lsn, BrokerError.None, Error: null);
}
