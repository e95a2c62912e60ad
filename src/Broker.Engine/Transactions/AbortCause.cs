namespace Broker.Engine.Transactions;

/// <summary>Why a transaction came to nothing.</summary>
internal enum AbortCause
{
    Client,
    TimedOut,
    Disconnected,
    BrokerRestarted,

    /// <summary>Another instance of the producer was opened.</summary>
    TakenOver,

    /// <summary>The producer began its next transaction.</summary>
    LeftBehind,

    /// <summary>The broker does not hold what the producer says it sent.</summary>
    ManifestMismatch,
    TooLarge,

    /// <summary>What it was to write, or an offset it was to commit, is not possible any more.</summary>
    NotPossible,

    /// <summary>Its outcome was asked for while there was none.</summary>
    OutcomeAsked,
    Operator,

    /// <summary>What was staged could not be read again.</summary>
    StagingLost,
}
