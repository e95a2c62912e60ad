using Broker.Cli.Terminal;

namespace Broker.Cli.Input;

/// <summary>The file or standard input that records are read from.</summary>
internal sealed class RecordInput : IDisposable
{
    private readonly Stream? _owned;

    private RecordInput(Stream stream, bool isOwned, long? lengthBytes)
    {
        Lines = new LineReader(stream);
        LengthBytes = lengthBytes;
        _owned = isOwned ? stream : null;
    }

    public LineReader Lines { get; }

    /// <summary>Null when it is not known before the end.</summary>
    public long? LengthBytes { get; }

    /// <param name="host">Whose standard input to read.</param>
    /// <param name="path">Null or "-" for standard input.</param>
    public static RecordInput Open(CliHost host, string? path)
    {
        if (path is null or "-")
        {
            return new RecordInput(host.In, isOwned: false, lengthBytes: null);
        }

        try
        {
            var stream = new FileStream(
                path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 1, FileOptions.SequentialScan);
            return new RecordInput(stream, isOwned: true, stream.CanSeek ? stream.Length : null);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CliException($"there is no file '{path}'");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CliException(Directory.Exists(path) ? $"'{path}' is a directory" : $"'{path}' may not be read");
        }
    }

    public void Dispose() => _owned?.Dispose();
}
