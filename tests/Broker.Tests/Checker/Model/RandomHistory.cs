using Broker.Checker.Histories;

namespace Broker.Tests.Checker.Model;

/// <summary>
/// A history without fault: some processes call a broker that keeps its promises. Calls overlap; each is decided at one moment
/// between its beginning and its end, or, when it is in doubt, at some later one or never.
/// </summary>
internal sealed class RandomHistory
{
    private const int Partitions = 6, DrainRecords = 500;

    private readonly Random _random;
    private readonly ModelBroker _broker = new(Partitions);
    private readonly ModelCalls _calls;
    private readonly List<HistoryEvent> _events = [];
    private readonly List<HistoryEvent> _later = [];
    private readonly ModelProcess[] _processes;
    private int _processNumber;
    private long _timeNs;

    private RandomHistory(int seed)
    {
        _random = new Random(seed);
        _calls = new ModelCalls(_broker, _random);
        ModelRole[] roles =
        [
            .. Enumerable.Repeat(ModelRole.Producer, 5), .. Enumerable.Repeat(ModelRole.Consumer, 4), ModelRole.Transformer,
        ];
        _processes = [.. roles.Select((role, at) => new ModelProcess(_processNumber++, role) { ProducerId = at / 2 })];
    }

    public static List<HistoryEvent> Generate(int operations, int seed)
    {
        var history = new RandomHistory(seed);
        history.Run(operations);
        history.Drain();
        return history._events;
    }

    public static History Build(List<HistoryEvent> events)
    {
        var builder = new HistoryBuilder(new HistoryHeader());
        events.ForEach(builder.Add);
        return builder.Build(isTorn: false);
    }

    private void Run(int operations)
    {
        int begun = 0;
        while (begun < operations || _processes.Any(process => process.Call is not null))
        {
            ref ModelProcess process = ref _processes[_random.Next(_processes.Length)];
            if (process.Call is null)
            {
                if (begun < operations)
                {
                    begun++;
                    process.Call = Emit(_calls.Next(process));
                }
            }
            else if (process.Answer is null)
            {
                process.Answer = Decide(process, process.Call);
            }
            else
            {
                End(ref process, process.Call, process.Answer);
            }

            if (_later.Count > 0 && _random.Next(20) == 0)
            {
                _calls.Apply(_later[^1]);
                _later.RemoveAt(_later.Count - 1);
            }
        }

        _later.ForEach(call => _calls.Apply(call));
    }

    private HistoryEvent Decide(ModelProcess process, HistoryEvent call)
    {
        // A transaction that reads knows what it would write before it asks to commit.
        HistoryEvent asked = _calls.Prepare(process, call);
        switch (_random.Next(100))
        {
            case 0:
                _broker.Incarnation++;
                _calls.Apply(asked);
                return asked with { Kind = EventKind.Info };
            case 1 when process.Role != ModelRole.Transformer:
                _later.Add(asked);
                return asked with { Kind = EventKind.Info };
            case 1 or 2:
                return asked with { Kind = EventKind.Info };
            case 3:
                return asked with { Kind = EventKind.Fail };
            default:
                return _calls.Apply(asked);
        }
    }

    private void End(ref ModelProcess process, HistoryEvent call, HistoryEvent answer)
    {
        Emit(answer);
        if (answer.Kind == EventKind.Info)
        {
            process = new ModelProcess(_processNumber++, process.Role)
            {
                ProducerId = process.ProducerId,
                InDoubt = process.Role == ModelRole.Transformer && call.Function == Function.Txn ? call : process.InDoubt,
            };
            return;
        }

        process.Call = null;
        process.Answer = null;
        if (answer.Kind == EventKind.Ok)
        {
            ModelCalls.Learn(process, call, answer);
        }
    }

    /// <summary>Everybody has stopped: a new process reads everything.</summary>
    private void Drain()
    {
        var reader = new ModelProcess(_processNumber++, ModelRole.Consumer);
        HistoryEvent ends = Emit(reader.Calls(Function.ListOffsets));
        Emit(_calls.Apply(ends));
        HistoryEvent assign = Emit(reader.Calls(Function.Assign) with
        {
            Positions = [.. Enumerable.Range(0, Partitions).Select(key => new PartitionPosition(key, 0))],
        });
        Emit(assign with { Kind = EventKind.Ok });
        for (int key = 0; key < Partitions; key++)
        {
            for (int position = 0; position < _broker.Logs[key].Count; position += DrainRecords)
            {
                HistoryEvent poll = Emit(reader.Calls(Function.Poll));
                Emit(poll with { Kind = EventKind.Ok, Polls = _broker.Read(key, position, DrainRecords) });
            }
        }
    }

    private HistoryEvent Emit(HistoryEvent next)
    {
        _timeNs += _random.Next(1, 100_000);
        HistoryEvent stamped = next with
        {
            Index = _events.Count,
            TimeNs = _timeNs,
            // A transaction asks to commit when it has begun and said what it writes.
            CommitTimeNs = next is { Function: Function.Txn, Kind: EventKind.Ok } ? next.TimeNs : -1,
        };
        _events.Add(stamped);
        return stamped;
    }
}
