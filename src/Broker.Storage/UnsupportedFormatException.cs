namespace Broker.Storage;

/// <summary>A file was written by a newer version of the broker. Nothing is changed when this is thrown.</summary>
internal sealed class UnsupportedFormatException(string path, string format, long found, long supported)
    : StorageException($"{path} has {format} version {found}; this broker reads up to version {supported}. "
        + "Start the version that wrote it, or a newer one. No byte of the log was changed.");
