using System.Collections.ObjectModel;

namespace Broker.Client;

/// <summary>
/// What went wrong with a request, in words and as facts. This type itself means: the same request would fail again, but
/// the client goes on. See <see cref="RetriableException"/> and <see cref="FatalException"/>.
/// </summary>
public class BrokerException : Exception
{
    public BrokerException(
        string reason,
        string message,
        bool isDefinite,
        IReadOnlyDictionary<string, string>? metadata = null,
        Exception? innerException = null)
        : base(message, innerException)
    {
        Reason = reason;
        IsDefinite = isDefinite;
        Metadata = metadata ?? ReadOnlyDictionary<string, string>.Empty;
    }

    /// <summary>A stable upper-case name, one of <see cref="ErrorReasons"/>.</summary>
    public string Reason { get; }

    /// <summary>True when the same request may succeed later.</summary>
    public bool IsRetriable => this is RetriableException;

    /// <summary>
    /// True when the write certainly did not happen; false when its outcome is unknown. Always true for reads.
    /// </summary>
    public bool IsDefinite { get; }

    /// <summary>Facts by name, such as size_bytes and limit_bytes.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }
}
