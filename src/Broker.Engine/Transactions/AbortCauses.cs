namespace Broker.Engine.Transactions;

internal static class AbortCauses
{
    /// <summary>The rest of a sentence that begins with "the transaction was aborted:".</summary>
    public static string Describe(AbortCause cause) => cause switch
    {
        AbortCause.Client => "its producer asked for that",
        AbortCause.TimedOut => "it was open for longer than its timeout",
        AbortCause.Disconnected => "its producer's connection was lost and did not come back",
        AbortCause.BrokerRestarted => "the broker has started anew since it was begun",
        AbortCause.TakenOver => "another instance of its producer was opened",
        AbortCause.LeftBehind => "its producer began the next one",
        AbortCause.ManifestMismatch => "the broker does not hold what the producer says it sent",
        AbortCause.TooLarge => "it was larger than transaction.max.bytes",
        AbortCause.NotPossible => "a topic it writes to, or an offset it commits, is not there",
        AbortCause.OutcomeAsked => "its outcome was asked for before it had one",
        AbortCause.Operator => "an operator aborted it",
        AbortCause.StagingLost => "what was staged of it could not be read again",
        _ => cause.ToString(),
    };
}
