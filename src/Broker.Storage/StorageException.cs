namespace Broker.Storage;

/// <summary>The world failed: I/O, or bytes that are not what was written. The message is one line for a person.</summary>
internal class StorageException : Exception
{
    public StorageException(string message)
        : base(message)
    {
    }

    public StorageException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
