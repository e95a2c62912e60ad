using Broker.Engine.Text;
using Broker.Engine.Transactions;

namespace Broker.Engine;

/// <summary>What the sequencer decided for one batch.</summary>
/// <param name="BaseOffset">Offset of its first record; of the original for a duplicate.</param>
/// <param name="AppendTimeMs">When the broker appended it, milliseconds since 1970 UTC.</param>
/// <param name="Lsn">
/// What the answer depends on, for refusals and duplicates too: it may leave only when this entry is visible (or, for
/// <see cref="Durability.Os"/>, written).
/// </param>
/// <param name="Durability">What the ack will mean.</param>
/// <param name="Found">The offending value of a refusal.</param>
/// <param name="Expected">The value that it was held against.</param>
internal readonly record struct AppendDecision(
    BrokerError Error, long BaseOffset, long AppendTimeMs, bool Duplicate, long Lsn, Durability Durability, long Found, long Expected)
{
    public bool IsAccepted => Error == BrokerError.None;

    /// <summary>One sentence for a person.</summary>
    public string Describe() => Error switch
    {
        BrokerError.UnknownTopicOrPartition => "The topic or partition does not exist any more.",
        BrokerError.UnknownProducerId => $"Producer id {Found} is not known to this broker: ask for a new one.",
        BrokerError.InvalidProducerEpoch => $"Producer epoch {Found} is not the current one ({Expected}): another instance has taken over.",
        BrokerError.OutOfOrderSequenceNumber => $"Sequence {Found} came where {Expected} was expected: a batch before it is missing.",
        BrokerError.PrecedingBatchRefused => $"Sequence {Found} came where {Expected} was expected: the batch before it was refused.",
        BrokerError.ExpectedOffsetMismatch => $"The partition's last offset is {Expected}, not {Found} as expected. Nothing was written.",
        BrokerError.DuplicateSequenceNumber => $"Sequence {Found} was appended long ago (next is {Expected}); its offset is no longer remembered.",
        BrokerError.TransactionAborted =>
            $"Transaction {Found} was aborted: {AbortCauses.Describe((AbortCause)Expected)}. Nothing of it was written.",
        BrokerError.InvalidTransactionState =>
            $"Transaction {Found} cannot do this: it, or a later one, was or is being committed, or its producer has no name (transactions need one).",
        BrokerError.InvalidTransactionTimeout =>
            $"A transaction may be open for up to {Expected} ms (transaction.max.timeout.ms), not {Found} ms.",
        BrokerError.TransactionTooLarge =>
            $"The transaction has {Found} bytes; transaction.max.bytes allows {Expected}. It was aborted.",
        BrokerError.TransactionLimitReached =>
            $"{Found} transactions are open, as many as transaction.open.max allows ({Expected}). Another is possible when one has ended.",
        BrokerError.StagingFull =>
            $"Open transactions hold {Found} bytes, and there is no room for more (transaction.staging.max.bytes is {Expected}).",
        BrokerError.MessageTooLarge => $"The batch has {Found} bytes; the segment size of the topic allows {Expected}.",
        BrokerError.DiskFull => $"The disk has {UnitText.Megabytes(Found)} free; writes are accepted from {UnitText.Megabytes(Expected)} on. Reads go on. Free space or lower retention.",
        BrokerError.PartitionQuarantined =>
            "The partition's log is damaged, so it takes no records. What is intact is served. What to do stands in the broker's log (broker status, broker topic describe).",
        BrokerError.StorageError => "The journal has failed; the broker is stopping.",
        BrokerError.NotReady => "The broker is stopping.",
        _ => Error.ToString(),
    };

    internal static AppendDecision Refused(BrokerError error, long lsn, long found = 0, long expected = 0) =>
        new(error, BaseOffset: -1, AppendTimeMs: 0, Duplicate: false, lsn, Durability.Durable, found, expected);
}
