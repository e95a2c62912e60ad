namespace Broker.Storage.Journal;

/// <summary>Receives the journal's entries during recovery.</summary>
internal interface IJournalVisitor
{
    /// <summary>Looks at the part of the body that the frame's checksum covers, before anything else is asked about it.</summary>
    /// <param name="path">The journal file.</param>
    /// <exception cref="UnsupportedFormatException">A newer broker wrote the body.</exception>
    void CheckVersion(byte kind, ReadOnlySpan<byte> body, string path);

    /// <summary>Whether the part of the body that the frame's checksum does not cover is intact too.</summary>
    bool IsIntact(byte kind, ReadOnlySpan<byte> body);

    /// <summary>Carries one entry out again. The span is valid during the call only.</summary>
    void Replay(byte kind, long lsn, ReadOnlySpan<byte> body);

    /// <summary>
    /// Carries out one entry that was durable and of which only the part that the frame's checksum covers is intact. The
    /// span is valid during the call only.
    /// </summary>
    void ReplayDamaged(byte kind, long lsn, ReadOnlySpan<byte> body);

    /// <summary>Carries out one entry, intact or not.</summary>
    static void Replay(IJournalVisitor visitor, byte kind, long lsn, ReadOnlySpan<byte> body, bool isIntact)
    {
        if (isIntact)
        {
            visitor.Replay(kind, lsn, body);
        }
        else
        {
            visitor.ReplayDamaged(kind, lsn, body);
        }
    }
}
