using System.Buffers;
using System.IO.Pipelines;
using System.Net.Sockets;

namespace Broker.Client.Testing.Transport;

/// <summary>A connection as a client has it.</summary>
/// <remarks>One reader and one writer at a time; breaking and closing from any thread.</remarks>
internal sealed class InMemoryStream(PipeReader input, PipeWriter output) : Stream
{
    // Bytes are taken out of the pipe under it: none once the connection is broken, nor from memory that closing gave back.
    private readonly Lock _gate = new();
    private bool _isBroken;
    private int _isClosed;

    /// <summary>Called once when the client has closed it.</summary>
    public Action? Closed { get; set; }

    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Nothing is read any more, also not what has arrived.</summary>
    public void Break()
    {
        lock (_gate)
        {
            _isBroken = true;
        }

        input.CancelPendingRead();
        output.CancelPendingFlush();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowIfBroken();
        try
        {
            return Take(await input.ReadAsync(cancellationToken).ConfigureAwait(false), buffer.Span);
        }
        catch (InvalidOperationException)
        {
            // The pipe's word for one that was closed meanwhile.
            throw Broken();
        }
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        ThrowIfBroken();
        try
        {
            FlushResult result = await output.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (result.IsCompleted || result.IsCanceled)
            {
                throw Broken();
            }
        }
        catch (InvalidOperationException)
        {
            throw Broken();
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing && Interlocked.Exchange(ref _isClosed, 1) == 0)
        {
            Break();
            lock (_gate)
            {
                input.Complete();
            }

            output.Complete();
            Closed?.Invoke();
        }

        base.Dispose(disposing);
    }

    private int Take(ReadResult result, Span<byte> buffer)
    {
        lock (_gate)
        {
            if (_isBroken)
            {
                throw Broken();
            }

            ReadOnlySequence<byte> arrived = result.Buffer;
            int count = (int)Math.Min(arrived.Length, buffer.Length);
            arrived = arrived.Slice(0, count);
            arrived.CopyTo(buffer);
            input.AdvanceTo(arrived.End);
            return count;
        }
    }

    private void ThrowIfBroken()
    {
        lock (_gate)
        {
            if (_isBroken)
            {
                throw Broken();
            }
        }
    }

    /// <summary>As a socket says it: the client tells by that a broker that died from another kind of server.</summary>
    private static IOException Broken() => new("The connection is broken.", new SocketException((int)SocketError.ConnectionReset));
}
