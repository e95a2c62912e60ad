namespace Broker.Client;

/// <summary>What becomes of a record when a processor is stopped, or its broker or machine fails, in the middle of it.</summary>
public enum DeliveryMode
{
    /// <summary>No choice yet: a processor asks for one.</summary>
    Unspecified = 0,

    /// <summary>It may be left out. Offsets are committed before records are handled.</summary>
    AtMostOnce = 1,

    /// <summary>It may be handled, and what was made of it sent, again. Offsets are committed when that is acknowledged.</summary>
    AtLeastOnce = 2,

    /// <summary>
    /// What is sent from the handler and the offset are committed in one transaction: in the log each record has its effect once. What the
    /// handler does elsewhere may happen again.
    /// </summary>
    ExactlyOnce = 3,
}
