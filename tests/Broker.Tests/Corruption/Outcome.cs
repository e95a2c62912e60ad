namespace Broker.Tests.Corruption;

/// <summary>What was seen of one damage. As a set: what may be seen.</summary>
[Flags]
internal enum Outcome
{
    /// <summary>Everything is served as it was written; the damage is in bytes that nobody relies on, or was made good.</summary>
    Same = 1,

    /// <summary>The damaged batch is answered with DATA_LOSS, everything else is served.</summary>
    NotServed = 2,

    /// <summary>The start was refused and no file was changed.</summary>
    Refused = 4,

    /// <summary>The end of the journal, which nothing vouched for, was cut and the cut reported.</summary>
    CutAndReported = 8,

    /// <summary>Cut at a place where a write may as well not have begun.</summary>
    CutCleanly = 16,

    /// <summary>An older whole state was found, and it is known that there was a newer one.</summary>
    OlderState = 32,

    /// <summary>
    /// The start was refused; before that, replay had put bytes back in their place that were damaged as well.
    /// </summary>
    RefusedAfterMending = 64,

    WrongBytes = 256,
    SilentLoss = 512,
    FilesChanged = 1024,
    WrongException = 2048,

    /// <summary>Verification said something else than the start that followed: sound when it was not, or damaged when all was served.</summary>
    WrongVerdict = 4096,
}
