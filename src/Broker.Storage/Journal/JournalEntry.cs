namespace Broker.Storage.Journal;

/// <summary>
/// One decision on its way to disk. Its bytes must not change until it was applied. Written as head, then payload; the
/// frame's checksum covers the head and the first <see cref="PayloadCoveredBytes"/> of the payload, which hold the
/// checksum of the rest.
/// </summary>
internal abstract class JournalEntry
{
    public long Lsn { get; set; }

    /// <summary>What the body means; never <see cref="JournalFormat.MarkKind"/>.</summary>
    public abstract byte Kind { get; }

    public abstract ReadOnlyMemory<byte> Head { get; }

    /// <summary>It counts only together with the entries behind it, up to the first that is not continued: all of them or none.</summary>
    public virtual bool IsContinued => false;

    public virtual ReadOnlyMemory<byte> Payload => default;

    public virtual int PayloadCoveredBytes => 0;

    public int FrameBytes => JournalFormat.AlignFrame(JournalFormat.FrameHeaderBytes + Head.Length + Payload.Length);

    /// <summary>
    /// Carries the decision out, after it became durable, in LSN order, on the journal's thread. May be called again after
    /// it threw for want of space.
    /// </summary>
    public abstract void Apply();

    /// <summary>
    /// Carries a durable decision out before records that were decided earlier and wait for space, as far as it does not
    /// depend on them. <see cref="Apply"/> follows in any case.
    /// </summary>
    public virtual void ApplyAhead()
    {
    }

    /// <summary>Makes what was applied readable; called once, when all entries of the group were applied.</summary>
    public virtual void Publish()
    {
    }

    /// <summary>Called once, when the group is visible: gives resources back.</summary>
    public virtual void Completed()
    {
    }
}
