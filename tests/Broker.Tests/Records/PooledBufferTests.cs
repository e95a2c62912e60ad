using Broker.Records;

namespace Broker.Tests.Records;

public sealed class PooledBufferTests
{
    [Fact]
    public void A_buffer_lives_until_its_last_release()
    {
        PooledBuffer buffer = PooledBuffer.Rent(100);
        Assert.Equal(100, buffer.Length);
        Assert.Equal(100, buffer.Memory.Length);
        buffer.Retain();
        buffer.Release();
        buffer.Span[99] = 1;
        buffer.Release();
        Assert.Throws<InvariantException>(() => buffer.Memory);
    }

    [Fact]
    public void One_release_too_many_is_a_failed_invariant()
    {
        PooledBuffer buffer = PooledBuffer.Rent(1);
        buffer.Retain();
        buffer.Release();
        buffer.Release();
        Assert.Throws<InvariantException>(buffer.Release);
    }

    [Fact]
    public void Retaining_a_released_buffer_is_a_failed_invariant()
    {
        PooledBuffer buffer = PooledBuffer.Rent(1);
        buffer.Release();
        Assert.Throws<InvariantException>(buffer.Retain);
    }

    [Fact]
    public void The_length_moves_within_the_capacity_only()
    {
        PooledBuffer buffer = PooledBuffer.Rent(100);
        buffer.SetLength(7);
        Assert.Equal(7, buffer.Span.Length);
        buffer.SetLength(buffer.CapacityBytes);
        Assert.Throws<InvariantException>(() => buffer.SetLength(buffer.CapacityBytes + 1));
        buffer.Release();
    }
}
