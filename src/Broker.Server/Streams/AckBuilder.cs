using Broker.Protocol.V1;

namespace Broker.Server.Streams;

/// <summary>Builds the responses of one produce stream from message objects that it uses again and again.</summary>
/// <remarks>One thread at a time. A response is valid until the next <see cref="Clear"/>.</remarks>
internal sealed class AckBuilder(long incarnation)
{
    private readonly List<ProduceAck> _acks = [];
    private readonly List<BatchResult> _results = [];
    private int _ackCount;
    private int _resultCount;

    public ProduceResponse Response { get; } = new() { Incarnation = (ulong)incarnation };

    public int AckCount => _ackCount;

    /// <param name="commit">What became of the commit that the request asked for; null for none.</param>
    public void Begin(ulong correlationId, CommitResult? commit)
    {
        if (_ackCount == _acks.Count)
        {
            _acks.Add(new ProduceAck());
        }

        ProduceAck ack = _acks[_ackCount++];
        ack.CorrelationId = correlationId;
        ack.Commit = commit;
        ack.Results.Clear();
        Response.Acks.Add(ack);
    }

    /// <summary>Adds to the ack that was begun last.</summary>
    public void Add(in BatchOutcome outcome)
    {
        if (_resultCount == _results.Count)
        {
            _results.Add(new BatchResult());
        }

        BatchResult result = _results[_resultCount++];
        result.BaseOffset = outcome.BaseOffset;
        result.AppendTimeMs = outcome.AppendTimeMs;
        result.Duplicate = outcome.IsDuplicate;
        result.Durability = outcome.Durability;
        result.Lsn = (ulong)outcome.Lsn;
        result.Error = outcome.Error;
        _acks[_ackCount - 1].Results.Add(result);
    }

    public void Clear()
    {
        Response.Acks.Clear();
        _ackCount = 0;
        _resultCount = 0;
    }
}
