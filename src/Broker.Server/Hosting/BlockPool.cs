using System.Buffers;
using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using Microsoft.AspNetCore.Connections;

namespace Broker.Server.Hosting;

/// <summary>The memory of sockets and HTTP/2 streams, in blocks that suit batches.</summary>
/// <remarks>
/// Kestrel's own blocks of 4 KiB cut a response of 1 MiB into 256 pieces: each send of a few of them allocates its vector of
/// pieces, which was the larger part of what a broker allocates when it is read from. Thread-safe.
/// </remarks>
internal sealed class BlockPool : MemoryPool<byte>, IMemoryPoolFactory<byte>
{
    // Two of them hold a send or receive of Kestrel's 64 KiB, so that its vector fits where no allocation is needed.
    private const int BlockBytes = 32 << 10;

    // 32 MiB of idle blocks: what one full-speed reader and writer have out at a time. Beyond, the collector takes them.
    private const int IdleBlocksMax = 1024;

    // 4 MiB made ahead: what one producer at full speed has out. Untouched memory costs nothing.
    private const int PreparedBlocks = 128;

    private readonly ConcurrentQueue<Block> _idle = new();
    private int _idleCount;

    public BlockPool()
    {
        for (int i = 0; i < PreparedBlocks; i++)
        {
            Return(new Block(this));
        }
    }

    public override int MaxBufferSize => BlockBytes;

    public MemoryPool<byte> Create(MemoryPoolOptions? options = null) => this;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(minBufferSize, BlockBytes);
        if (_idle.TryDequeue(out Block? block))
        {
            Interlocked.Decrement(ref _idleCount);
            return block;
        }

        return new Block(this);
    }

    /// <summary>The connections that share it dispose it one by one; it lives as long as the broker.</summary>
    protected override void Dispose(bool disposing)
    {
    }

    private void Return(Block block)
    {
        if (Interlocked.Increment(ref _idleCount) <= IdleBlocksMax)
        {
            _idle.Enqueue(block);
        }
        else
        {
            Interlocked.Decrement(ref _idleCount);
        }
    }

    /// <summary>Pinned for life: the operating system reads and writes it without the collector's knowledge.</summary>
    private sealed class Block(BlockPool pool) : IMemoryOwner<byte>
    {
        public Memory<byte> Memory { get; } =
            MemoryMarshal.CreateFromPinnedArray(GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true), 0, BlockBytes);

        public void Dispose() => pool.Return(this);
    }
}
