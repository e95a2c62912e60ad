namespace Broker.Storage;

/// <summary>Bytes on disk differ from what was written there. Nothing is changed when this is thrown.</summary>
internal sealed class CorruptLogException : StorageException
{
    public CorruptLogException(string path, long position, string expected, string found)
        : base($"{path} is damaged at byte {position}: expected {expected}, found {found}. No byte was changed.")
    {
        Path = path;
        Position = position;
    }

    public string Path { get; }

    public long Position { get; }
}
