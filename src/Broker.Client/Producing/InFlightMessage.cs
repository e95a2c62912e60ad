namespace Broker.Client.Producing;

/// <summary>One message on the stream: what its acknowledgement will be about.</summary>
internal sealed class InFlightMessage(ulong correlationId)
{
    public ulong CorrelationId { get; } = correlationId;

    public List<PendingBatch> Batches { get; } = new(1);

    /// <summary>Goes behind the batches; null for none.</summary>
    public StreamCommit? Commit { get; set; }

    public int SizeBytes { get; set; }
}
