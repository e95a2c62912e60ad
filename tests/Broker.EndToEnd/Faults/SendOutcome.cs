namespace Broker.EndToEnd.Faults;

internal enum SendOutcome
{
    /// <summary>Sent, no answer yet.</summary>
    Pending,

    /// <summary>It is in the log, at the offset that the ack named.</summary>
    Acked,

    /// <summary>It is certainly not in the log.</summary>
    Refused,

    /// <summary>It may or may not be in the log.</summary>
    Unknown,
}
