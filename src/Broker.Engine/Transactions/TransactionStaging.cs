using Broker.Engine.Topics;
using Broker.Records;
using Broker.Storage.Files;

namespace Broker.Engine.Transactions;

/// <summary>Takes the batches of open transactions, which are in no partition before the commit.</summary>
internal sealed class TransactionStaging(
    Sequencer sequencer, TransactionTable table, Staging staging, DiskGuard disk, EngineOptions options)
{
    private readonly Lock _gate = sequencer.Gate;

    /// <summary>Takes one batch, which is copied; the first one begins the transaction.</summary>
    /// <param name="stored">Passed every check of a batch, and bears the mark of a transaction.</param>
    /// <returns>An acceptance says that the broker holds the batch, until the transaction ends; it has no offset yet.</returns>
    public AppendDecision Stage(PartitionHandle partition, ReadOnlySpan<byte> stored, in TransactionContext context)
    {
        PooledBuffer copy = PooledBuffer.Rent(stored.Length);
        stored.CopyTo(copy.Span);
        var batch = new StoredBatchView(copy.Span);
        lock (_gate)
        {
            if (Check(partition, batch, context, out OpenTransaction? transaction) is { } answered)
            {
                copy.Release();
                return answered;
            }

            if (staging.HasMemory(copy.Length))
            {
                return Take(transaction!, partition, batch, copy.Length, copy, filePosition: -1);
            }
        }

        try
        {
            return StageInFile(partition, batch, copy, context);
        }
        finally
        {
            copy.Release();
        }
    }

    /// <summary>Takes note of a batch that is to be refused before it comes here, for a limit or for what is in it.</summary>
    /// <returns>The answer when it is no matter of limits: the batch was staged before, or its transaction is over. Else null.</returns>
    public AppendDecision? Refuse(PartitionHandle partition, in StoredBatchView batch, in TransactionContext context)
    {
        lock (_gate)
        {
            if (Check(partition, batch, context, out OpenTransaction? transaction) is { } answered)
            {
                return answered.Error is BrokerError.OutOfOrderSequenceNumber or BrokerError.PrecedingBatchRefused ? null : answered;
            }

            transaction!.Of(partition).HasRefused = true;
            return null;
        }
    }

    private AppendDecision StageInFile(PartitionHandle partition, in StoredBatchView batch, PooledBuffer bytes, in TransactionContext context)
    {
        StagingFile? file = null;
        DiskException? failure = null;
        long position = -1;
        try
        {
            file = Reserve(partition, batch, bytes.Length, context, out position, out AppendDecision answered);
            if (file is null)
            {
                return answered;
            }

            file.Write(position, bytes.Span);
        }
        catch (DiskException e)
        {
            failure = e;
        }

        try
        {
            lock (_gate)
            {
                if (Check(partition, batch, context, out OpenTransaction? transaction) is { } answered)
                {
                    return answered;
                }

                return failure is null
                    ? Take(transaction!, partition, batch, bytes.Length, buffer: null, position)
                    : Failed(transaction!, transaction!.Of(partition), failure);
            }
        }
        finally
        {
            file?.Release();
        }
    }

    /// <summary>Takes room in the transaction's file, which is made without the lock when there is none.</summary>
    /// <returns>Null when the transaction takes the batch no more: then with the answer.</returns>
    private StagingFile? Reserve(
        PartitionHandle partition, in StoredBatchView batch, int bytes, in TransactionContext context, out long position, out AppendDecision answered)
    {
        StagingFile? made = null;
        try
        {
            while (true)
            {
                lock (_gate)
                {
                    position = -1;
                    if (Check(partition, batch, context, out OpenTransaction? transaction) is { } refused)
                    {
                        answered = refused;
                        return null;
                    }

                    answered = default;
                    if (transaction!.File is null && made is not null)
                    {
                        (transaction.File, made) = (made, null);
                    }

                    if (transaction.File is { } file)
                    {
                        position = file.Reserve(bytes);
                        return file;
                    }
                }

                made = staging.NewFile();
            }
        }
        finally
        {
            made?.Release();
        }
    }

    private AppendDecision Failed(OpenTransaction transaction, StagedPartition staged, DiskException failure)
    {
        if (failure.MayPass)
        {
            return RefusedFor(staged, BrokerError.StagingFull, staging.Bytes, options.StagingBytesMax);
        }

        table.Abort(transaction, AbortCause.StagingLost);
        return table.Refused(BrokerError.TransactionAborted, transaction.Key.Number, (long)AbortCause.StagingLost);
    }

    /// <summary>The answer to a batch that is not the next of its transaction, or is not possible; null for one to take.</summary>
    private AppendDecision? Check(
        PartitionHandle partition, in StoredBatchView batch, in TransactionContext context, out OpenTransaction? transaction)
    {
        transaction = null;
        if (sequencer.Unavailable(partition) is { } unavailable)
        {
            return unavailable;
        }

        var key = new TransactionKey(context.Incarnation, batch.ProducerId, batch.ProducerEpoch, context.Number);
        if (table.Find(key, out AppendDecision refusal) is not { } transactions)
        {
            bool isRepeated = refusal.Error != BrokerError.InvalidProducerEpoch && table.HoldsCommitted(key, partition, batch);
            return isRepeated ? Taken(isDuplicate: true) : refusal;
        }

        if (context.Timeout > options.TransactionTimeoutMax || context.Timeout <= TimeSpan.Zero)
        {
            return table.Refused(
                BrokerError.InvalidTransactionTimeout, (long)context.Timeout.TotalMilliseconds, (long)options.TransactionTimeoutMax.TotalMilliseconds);
        }

        bool isFirst = transactions.Open?.Key.Number != key.Number;
        if (isFirst && table.OpenCount >= options.OpenTransactionsMax)
        {
            return table.Refused(BrokerError.TransactionLimitReached, table.OpenCount, options.OpenTransactionsMax);
        }

        transaction = table.FindOrBegin(transactions, key, context.Timeout);
        return CheckBatch(transaction, transaction.Of(partition), batch);
    }

    private AppendDecision? CheckBatch(OpenTransaction transaction, StagedPartition staged, in StoredBatchView batch)
    {
        if (batch.BaseSequence != staged.RecordCount)
        {
            if (staged.Holds(batch.BaseSequence, batch.RecordCount))
            {
                return Taken(isDuplicate: true);
            }

            BrokerError error = staged.HasRefused && batch.BaseSequence > staged.RecordCount
                ? BrokerError.PrecedingBatchRefused
                : BrokerError.OutOfOrderSequenceNumber;
            return table.Refused(error, batch.BaseSequence, staged.RecordCount);
        }

        if (transaction.IsCommitting)
        {
            return table.Refused(BrokerError.InvalidTransactionState, transaction.Key.Number);
        }

        if (staged.Partition.Decided.IsQuarantined)
        {
            return RefusedFor(staged, BrokerError.PartitionQuarantined);
        }

        if (disk.IsFull)
        {
            return RefusedFor(staged, BrokerError.DiskFull, disk.FreeBytes, disk.NeededBytes);
        }

        int bytes = batch.SizeBytes;
        if (transaction.Bytes + bytes > options.TransactionBytesMax)
        {
            long size = transaction.Bytes + bytes;
            table.Abort(transaction, AbortCause.TooLarge);
            return table.Refused(BrokerError.TransactionTooLarge, size, options.TransactionBytesMax);
        }

        return staging.HasRoom(bytes) ? null : RefusedFor(staged, BrokerError.StagingFull, staging.Bytes, options.StagingBytesMax);
    }

    private AppendDecision RefusedFor(StagedPartition staged, BrokerError error, long found = 0, long expected = 0)
    {
        staged.HasRefused = true;
        return table.Refused(error, found, expected);
    }

    private AppendDecision Take(
        OpenTransaction transaction, PartitionHandle partition, in StoredBatchView batch, int bytes, PooledBuffer? buffer, long filePosition)
    {
        transaction.Add(
            transaction.Of(partition), new StagedBatch(batch.BaseSequence, batch.RecordCount, bytes, buffer, filePosition));
        staging.Took(bytes, isInMemory: buffer is not null);
        return Taken(isDuplicate: false);
    }

    private static AppendDecision Taken(bool isDuplicate) =>
        new(BrokerError.None, BaseOffset: -1, AppendTimeMs: 0, isDuplicate, Lsn: 0, Durability.Os, 0, 0);
}
