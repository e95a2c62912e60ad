using Broker.Checker.Histories;

namespace Broker.Tests.Checker;

/// <summary>A history by hand: each line is a call that begins and ends at once, but for those that are begun and ended apart.</summary>
internal sealed class HistoryScript : IDisposable
{
    private const long StepNs = 1_000_000;

    private readonly ScriptTime _time = new();
    // Disposed of by the writer.
    private readonly MemoryStream _lines = new();
    private readonly HistoryWriter _writer;

    public HistoryScript() =>
        _writer = new HistoryWriter(_lines, new HistoryHeader { Names = new Dictionary<int, string> { [0] = "a/0", [1] = "b/0" } }, _time);

    public long NowNs => _time.NowNs;

    /// <summary>The lines so far, as they are in a file.</summary>
    public byte[] Lines
    {
        get
        {
            _writer.Flush();
            return _lines.ToArray();
        }
    }

    public static History Of(Action<HistoryScript> write)
    {
        using var script = new HistoryScript();
        write(script);
        return HistoryReader.Read(new MemoryStream(script.Lines));
    }

    public static SentRecord Sent(int key, long value, long offset = -1) => new(key, value) { Offset = offset };

    public static HistoryEvent Call(int process, Function function) => new(process, EventKind.Invoke, function);

    public static HistoryEvent Sending(int process, params SentRecord[] records) => Call(process, Function.Send) with { Sends = records };

    public static HistoryEvent Transaction(int process, params SentRecord[] records) =>
        Call(process, Function.Txn) with { Sends = records, ProducerId = process, Epoch = 0, TransactionNumber = 0 };

    public void Dispose() => _writer.Dispose();

    public void Wait(int seconds) => _time.NowNs += seconds * 1_000_000_000L;

    public void Begin(HistoryEvent call)
    {
        _time.NowNs += StepNs;
        SentRecord[] asked = [.. call.Sends.Select(sent => sent with { Offset = -1 })];
        _writer.Write(call with { Kind = EventKind.Invoke, Sends = asked, Polls = [], Ends = [] });
    }

    public void End(HistoryEvent call, EventKind kind = EventKind.Ok)
    {
        _time.NowNs += StepNs;
        _writer.Write(call with { Kind = kind });
    }

    public void Do(HistoryEvent call, EventKind kind = EventKind.Ok)
    {
        Begin(call);
        End(call, kind);
    }

    /// <summary>One batch, acked record by record at these offsets.</summary>
    public void Send(int process, params SentRecord[] records) => Do(Sending(process, records));

    /// <summary>A record that may be in the log or not.</summary>
    public void SendInDoubt(int process, int key, long value) => Do(Sending(process, Sent(key, value)), EventKind.Info);

    public void Assign(int process, params (int Key, long Position)[] positions) =>
        Do(Call(process, Function.Assign) with { Positions = Positions(positions) });

    public void Poll(int process, int key, params (long Offset, long Value)[] records) => Do(Polling(process, key, records));

    public static HistoryEvent Polling(int process, int key, params (long Offset, long Value)[] records) =>
        Call(process, Function.Poll) with { Polls = Polled(key, records) };

    public static PolledRecord[] Polled(int key, params (long Offset, long Value)[] records) =>
        [.. records.Select(record => new PolledRecord(key, record.Offset, record.Value))];

    public static PartitionPosition[] Positions(params (int Key, long Position)[] positions) =>
        [.. positions.Select(each => new PartitionPosition(each.Key, each.Position))];

    /// <summary>A new process reads these partitions from their beginning.</summary>
    public void ReadAll(int process, params (int Key, (long Offset, long Value)[] Records)[] partitions)
    {
        Assign(process, [.. partitions.Select(each => (each.Key, 0L))]);
        foreach ((int key, (long Offset, long Value)[] records) in partitions)
        {
            Poll(process, key, records);
        }
    }

    public void Ends(int process, params (int Key, long HighWatermark)[] ends) => Do(Call(process, Function.ListOffsets) with
    {
        Ends = [.. ends.Select(each => new PartitionEnds(each.Key, LogStart: 0, each.HighWatermark))],
    });

    public void Commit(int process, string group, int key, long position, EventKind kind = EventKind.Ok) =>
        Do(Call(process, Function.CommitOffsets) with { Group = group, Positions = Positions((key, position)) }, kind);

    public void Fetch(int process, string group, int key, long position) =>
        Do(Call(process, Function.FetchOffsets) with { Group = group, Positions = Positions((key, position)) });

    public void InitProducer(int process, long producerId, int epoch) =>
        Do(Call(process, Function.InitProducer) with { TransactionalId = "name", ProducerId = producerId, Epoch = epoch });
}
