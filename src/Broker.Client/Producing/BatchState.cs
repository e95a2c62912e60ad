namespace Broker.Client.Producing;

internal enum BatchState
{
    /// <summary>Sealed, to be sent.</summary>
    Waiting,

    /// <summary>Sent on the current stream, not answered.</summary>
    InFlight,

    /// <summary>Answered with a refusal that does not end it: to be sent again when the ones in flight are answered.</summary>
    Refused,
}
