namespace Broker.Storage.Journal;

/// <summary>Receives the journal's entries during recovery.</summary>
internal interface IJournalVisitor
{
    /// <summary>Whether the part of the body that the frame's checksum does not cover is intact too.</summary>
    bool IsIntact(byte kind, ReadOnlySpan<byte> body);

    /// <summary>Carries one entry out again. The span is valid during the call only.</summary>
    void Replay(byte kind, long lsn, ReadOnlySpan<byte> body);
}
