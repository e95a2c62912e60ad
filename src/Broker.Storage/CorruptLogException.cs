namespace Broker.Storage;

/// <summary>Bytes on disk differ from what was written there. Nothing of the log is changed when this is thrown.</summary>
internal sealed class CorruptLogException : StorageException
{
    private const string NothingChanged = "No byte of the log was changed.";

    public CorruptLogException(string path, long position, string expected, string found)
        : this(path, position, $"{path} is damaged at byte {position}: expected {expected}, found {found}. {NothingChanged}")
    {
    }

    private CorruptLogException(string path, long position, string message)
        : base(message)
    {
        Path = path;
        Position = position;
    }

    public string Path { get; }

    public long Position { get; }

    /// <param name="what">What the file is.</param>
    public static CorruptLogException OfMissingFile(string path, string what) => new(path, 0, $"{path} is missing: {what}. {NothingChanged}");

    /// <summary>The journal ends before what a segment holds.</summary>
    public static CorruptLogException OfLostEntries(string path, long position, long lastLsn, long foundLsn) => new(
        path, position,
        $"The journal has lost entries that were durable: it ends with entry {lastLsn}, and {path} holds at byte {position} what entry {foundLsn} "
        + $"has written. {NothingChanged}");

    /// <summary>Neither copy of the state is left.</summary>
    public static CorruptLogException OfLostState(string snapshots, string copy, CorruptLogException cause) => new(
        snapshots, 0, $"Neither the state in {snapshots} nor its copy in {copy} can be read, and there is a log: {cause.Message}");
}
