namespace Broker.Tests.Corruption;

/// <summary>
/// What is expected of the broker. What is forbidden is forbidden everywhere.
/// </summary>
internal static class Expectations
{
    /// <summary>A flipped bit in a batch of a segment that a checkpoint knows.</summary>
    public const Outcome BatchBelowCheckpoint = Outcome.NotServed;

    /// <summary>A flipped bit in a frame that a later frame vouches for: among the records of an append, or elsewhere.</summary>
    public const Outcome FrameBelowMark = Outcome.NotServed | Outcome.Refused;

    /// <summary>A flipped bit in a frame that nothing vouches for.</summary>
    public const Outcome FrameAfterMark = Outcome.CutAndReported;

    /// <summary>Damage anywhere in segments and journal, below the last mark: detected, or of no consequence.</summary>
    public const Outcome AnyBelowMark = Outcome.Same | Outcome.NotServed | Outcome.Refused | Outcome.RefusedAfterMending;

    /// <summary>One copy of the state is damaged, or an index: the other copy, or the segment, makes it good.</summary>
    public const Outcome OneCopyOfTheState = Outcome.Same;

    /// <summary>Both copies of the state are damaged.</summary>
    public const Outcome BothCopiesOfTheState = Outcome.Same | Outcome.Refused;

    public static bool IsForbidden(Outcome outcome) => outcome >= Outcome.WrongBytes;
}
