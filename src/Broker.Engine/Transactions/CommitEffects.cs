using Broker.Engine.Entries;
using Broker.Engine.Offsets;
using Broker.Engine.Producers;
using Broker.Records;

namespace Broker.Engine.Transactions;

/// <summary>
/// What the last entry of a transaction, or a commit of offsets alone, changes beside the partitions: the outcome that its
/// producer may ask for, and the offsets.
/// </summary>
/// <param name="Transactions">Whose transaction it was; null for offsets alone.</param>
internal sealed record CommitEffects(
    ProducerTransactions? Transactions, TransactionOutcome? Outcome, IReadOnlyList<(CommittedOffset Entry, OffsetValue Value)> Offsets)
{
    /// <summary>The outcome's part of the body of an entry, and the value of the state family.</summary>
    public static ByteWriter Write(ByteWriter writer, TransactionOutcome outcome)
    {
        writer.Int32(outcome.Epoch).Int64(outcome.Number).Int64(outcome.CommitTimeMs).Int64(outcome.Lsn).Int32(outcome.Partitions.Count);
        foreach (CommittedPartition partition in outcome.Partitions)
        {
            writer.Topic(partition.TopicId).Int32(partition.Partition).Int64(partition.BaseOffset).Int64(partition.RecordCount);
        }

        return writer;
    }

    public static TransactionOutcome ReadOutcome(ref ByteReader reader)
    {
        (int epoch, long number, long timeMs, long lsn) = (reader.Int32(), reader.Int64(), reader.Int64(), reader.Int64());
        var partitions = new CommittedPartition[reader.Int32()];
        for (int i = 0; i < partitions.Length; i++)
        {
            partitions[i] = new CommittedPartition(reader.Topic(), reader.Int32(), reader.Int64(), reader.Int64());
        }

        return new TransactionOutcome(epoch, number, timeMs, partitions, lsn);
    }

    /// <summary>The body of the entry.</summary>
    public byte[] ToBytes()
    {
        var writer = new ByteWriter();
        if (Outcome is { } outcome)
        {
            Write(writer.Int64(Transactions!.Producer.Id), outcome);
        }

        writer.Int32(Offsets.Count);
        foreach ((CommittedOffset entry, OffsetValue value) in Offsets)
        {
            writer.Text(entry.Group).Topic(entry.Partition.TopicId).Int32(entry.Partition.Partition)
                .Int64(value.Offset).Text(value.Metadata).Int64(value.CommitTimeMs);
        }

        return writer.ToArray();
    }

    /// <summary>Reads the body of an entry that is carried out again.</summary>
    /// <param name="hasOutcome">It is a transaction.</param>
    public static CommitEffects Read(ReadOnlySpan<byte> body, bool hasOutcome, ProducerTable producers, EngineState state)
    {
        var reader = new ByteReader(body);
        ProducerTransactions? transactions = null;
        TransactionOutcome? outcome = null;
        if (hasOutcome)
        {
            // A producer that is not known was deleted further on in the journal.
            transactions = (producers.Find(reader.Int64()) as NamedProducer)?.TransactionsOrNew();
            outcome = ReadOutcome(ref reader);
        }

        var offsets = new List<(CommittedOffset, OffsetValue)>();
        for (int count = reader.Int32(); count > 0; count--)
        {
            (string group, TopicId topicId, int partition) = (reader.Text(), reader.Topic(), reader.Int32());
            var value = new OffsetValue(reader.Int64(), reader.Text(), reader.Int64());
            if (state.FindPartition(topicId, partition) is { } found)
            {
                offsets.Add((state.Offsets.FindOrAdd(group, found), value));
            }
        }

        return new CommitEffects(transactions, outcome, offsets);
    }

    /// <summary>From here on decisions rest on it; under the sequencer's lock.</summary>
    public void Decide()
    {
        if (Transactions is not null)
        {
            Transactions.Committed = Outcome;
        }

        foreach ((CommittedOffset entry, OffsetValue value) in Offsets)
        {
            entry.Decided = value;
        }
    }
}
