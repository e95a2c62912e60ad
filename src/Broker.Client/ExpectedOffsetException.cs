namespace Broker.Client;

/// <summary>The partition does not end where the writer thought: somebody else has written. Nothing was appended.</summary>
public class ExpectedOffsetException : BrokerException
{
    public ExpectedOffsetException(
        string message, bool isDefinite, IReadOnlyDictionary<string, string>? metadata = null, Exception? innerException = null)
        : base(ErrorReasons.ExpectedOffsetMismatch, message, isDefinite, metadata, innerException)
    {
    }

    /// <summary>Offset of the partition's last record; −1 when it never had one.</summary>
    public long LastOffset => Metadata.TryGetValue("last_offset", out string? text) && long.TryParse(text, out long offset) ? offset : -1;
}
