using Broker.Engine;
using Broker.Engine.Topics;
using Broker.Engine.Transactions;
using Broker.Records;
using Broker.Storage;

namespace Broker.Server.Streams;

/// <summary>
/// What batches go through between the network and the disk: one call in, one call out, and how far what went in has come.
/// Topics, producer ids and places in a log are asked of the engine itself.
/// </summary>
/// <remarks>Thread-safe. Called once for a batch or a response, never for a record.</remarks>
internal interface IBatchLog
{
    LsnProgress Progress { get; }

    /// <inheritdoc cref="BrokerEngine.Append"/>
    AppendDecision Append(
        PartitionHandle partition, Memory<byte> stored, PooledBuffer owner, Engine.Durability durability, long? expectedLastOffset);

    /// <inheritdoc cref="BrokerEngine.Refuse(PartitionHandle, StoredBatchView)"/>
    AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch);

    /// <inheritdoc cref="BrokerEngine.Stage"/>
    AppendDecision Stage(PartitionHandle partition, ReadOnlySpan<byte> stored, in TransactionContext transaction);

    /// <inheritdoc cref="BrokerEngine.Refuse(PartitionHandle, StoredBatchView, in TransactionContext)"/>
    AppendDecision? Refuse(PartitionHandle partition, StoredBatchView batch, in TransactionContext transaction);

    /// <inheritdoc cref="PartitionHandle.Read"/>
    ReadResult Read(PartitionHandle partition, long offset, int bytesMax);
}
