namespace Broker.Storage.Segments;

/// <summary>A search met damage that is not known yet: <see cref="PartitionLog.FindDamage(long)"/> tells how far it goes.</summary>
internal sealed class DamagedBatchException(string path, long offset)
    : StorageException($"{path} is damaged at offset {offset}. The bytes are kept and not served.")
{
    /// <summary>The offset at which an intact batch had to begin.</summary>
    public long Offset { get; } = offset;
}
