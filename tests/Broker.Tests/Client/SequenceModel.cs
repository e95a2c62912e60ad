using Broker.Client;
using Broker.Client.Producing;
using Broker.Client.Transport;
using Broker.Protocol.V1;
using Broker.Records;

namespace Broker.Tests.Client;

/// <summary>
/// A broker's partition as far as sequences go, and a network that delays, loses and breaks: what the client's side of
/// idempotence is held against.
/// </summary>
internal sealed class SequenceModel
{
    public const uint Seed = 7;

    private readonly Dictionary<long, long> _expected = [];
    private readonly HashSet<(long Producer, long Sequence)> _written = [];
    private readonly HashSet<long> _known = [];
    private readonly List<(long Producer, long Sequence, long Number)> _history = [];
    private long _lastProducerId;

    /// <summary>The number of each batch in the log, in the log's order. A batch's number is its first record's timestamp.</summary>
    public List<long> Log { get; } = [];

    /// <summary>Batches that the broker refuses for good.</summary>
    public HashSet<long> Poisoned { get; } = [];

    /// <summary>Whether such a batch is refused whatever its sequence, or only when it is its turn.</summary>
    public bool RefusesBeforeSequences { get; set; }

    /// <summary>While set, everything is refused for now, before any other check.</summary>
    public bool IsBusy { get; set; }

    public static PendingBatch NewBatch(long number, int recordCount)
    {
        using var writer = new BatchWriter(Codec.None);
        for (int i = 0; i < recordCount; i++)
        {
            writer.Append(number, "k"u8.ToArray(), new byte[3], []);
        }

        var batch = new PendingBatch(queue: null!, createdMs: number) { StampedSequence = -1 };
        for (int i = 0; i < recordCount; i++)
        {
            batch.Add(operation: null);
        }

        batch.Buffer = writer.Finish(default, 0, StoredBatch.NoProducer, StoredBatch.NoProducer, StoredBatch.NoProducer);
        return batch;
    }

    public static long NumberOf(ReadOnlySpan<byte> stored) => new StoredBatchView(stored).BaseTimestamp;

    public ProducerIdentity NewProducer()
    {
        _known.Add(++_lastProducerId);
        return new ProducerIdentity(_lastProducerId, epoch: 0);
    }

    public void ForgetProducers() => _known.Clear();

    /// <summary>Numbers of batches that a power failure took after they were acknowledged (durability os).</summary>
    public HashSet<long> Lost { get; } = [];

    public void LosePower()
    {
        if (_history.Count == 0)
        {
            return;
        }

        (long producer, long sequence, long number) = _history[^1];
        _history.RemoveAt(_history.Count - 1);
        _written.Remove((producer, sequence));
        _expected[producer] = sequence;
        Log.RemoveAt(Log.LastIndexOf(number));
        Lost.Add(number);
    }

    /// <summary>What the broker does with bytes that arrive, and what it answers.</summary>
    public BatchResult Receive(ReadOnlySpan<byte> stored)
    {
        var view = new StoredBatchView(stored);
        Assert.Equal(BatchError.None, StoredBatch.Validate(stored, Seed, int.MaxValue));
        if (IsBusy)
        {
            return Refusal("DISK_FULL", retriable: true);
        }

        long number = NumberOf(stored);
        if (RefusesBeforeSequences && Poisoned.Contains(number))
        {
            return Refusal("INVALID_RECORD");
        }

        if (!_known.Contains(view.ProducerId))
        {
            return Refusal("UNKNOWN_PRODUCER_ID");
        }

        long expected = _expected.GetValueOrDefault(view.ProducerId);
        if (view.BaseSequence > expected)
        {
            return Refusal("OUT_OF_ORDER_SEQUENCE_NUMBER");
        }

        if (view.BaseSequence < expected)
        {
            return _written.Contains((view.ProducerId, view.BaseSequence))
                ? new BatchResult { Duplicate = true }
                : Refusal("DUPLICATE_SEQUENCE_NUMBER", definite: false);
        }

        if (Poisoned.Contains(number))
        {
            return Refusal("INVALID_RECORD");
        }

        _expected[view.ProducerId] = view.BaseSequence + view.RecordCount;
        _written.Add((view.ProducerId, view.BaseSequence));
        _history.Add((view.ProducerId, view.BaseSequence, number));
        Log.Add(number);
        return new BatchResult();
    }

    public static BatchResult Refusal(string reason, bool retriable = false, bool definite = true) => new()
    {
        Error = new Error { Reason = reason, Message = reason + ".", Retriable = retriable, Definite = definite },
    };

    public static BatchSequence NewSequence(int inFlightMax = 20)
    {
        var backoff = new Backoff(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(4), new Random(1));
        return new BatchSequence(inFlightMax, backoff) { Seed = Seed };
    }

    public static BrokerException Expired(bool isDefinite) => new("REQUEST_TIMED_OUT", "Too late.", isDefinite);
}
