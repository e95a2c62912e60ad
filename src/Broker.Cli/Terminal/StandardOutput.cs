using System.Runtime.InteropServices;

namespace Broker.Cli.Terminal;

/// <summary>
/// Standard output as write(2). The runtime's own stream hides a closed pipe, so that <c>broker consume t | head</c>
/// would run on unseen; a FileStream keeps its own position, so that two commands that share one output file would
/// overwrite each other.
/// </summary>
internal sealed class StandardOutput : Stream
{
    private const int Descriptor = 1;
    private const int Eintr = 4, Epipe = 32;
    private static readonly int Eagain = OperatingSystem.IsMacOS() ? 35 : 11;
    private const short PollOut = 4, PollErr = 8, PollHup = 16, PollInvalid = 32;

    private readonly WriteWatch _watch;

    private StandardOutput(WriteWatch watch) => _watch = watch;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <param name="interruption">Ends the process when a write is stuck after it.</param>
    public static Stream Open(Interruption interruption) => OperatingSystem.IsWindows()
        ? Console.OpenStandardOutput()
        : new StandardOutput(new WriteWatch(() => Environment.Exit(interruption.ExitCode), interruption.Token));

    /// <summary>True when nobody will ever read what would be written now.</summary>
    public static bool ReaderIsGone()
    {
        if (OperatingSystem.IsWindows())
        {
            return false;
        }

        var request = new PollRequest { Descriptor = Descriptor };
        return NativePoll(ref request, 1, timeoutMs: 0) > 0 && (request.Returned & (PollErr | PollHup | PollInvalid)) != 0;
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _watch.Begin();
        try
        {
            WriteAll(buffer);
        }
        finally
        {
            _watch.End();
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private static unsafe void WriteAll(ReadOnlySpan<byte> buffer)
    {
        fixed (byte* start = buffer)
        {
            int written = 0;
            while (written < buffer.Length)
            {
                nint count = NativeWrite(Descriptor, start + written, buffer.Length - written);
                if (count >= 0)
                {
                    written += (int)count;
                }
                else
                {
                    HandleError(Marshal.GetLastPInvokeError());
                }
            }
        }
    }

    private static void HandleError(int errno)
    {
        if (errno == Epipe)
        {
            throw new ClosedPipeException();
        }

        if (errno == Eagain)
        {
            // Someone made the shared terminal or pipe non-blocking: wait until it takes bytes again.
            var request = new PollRequest { Descriptor = Descriptor, Requested = PollOut };
            _ = NativePoll(ref request, 1, timeoutMs: 1000);
        }
        else if (errno != Eintr)
        {
            throw new IOException($"cannot write to standard output: {Marshal.GetPInvokeErrorMessage(errno)}");
        }
    }

    [DllImport("libc", EntryPoint = "write", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern unsafe nint NativeWrite(int descriptor, byte* buffer, nint count);

    [DllImport("libc", EntryPoint = "poll", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NativePoll(ref PollRequest requests, nuint count, int timeoutMs);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollRequest
    {
        public int Descriptor;
        public short Requested;
        public short Returned;
    }
}
