using Broker.Checker.Histories;

namespace Broker.Tests.Checker.Model;

/// <summary>What the processes of a random history call, and what comes of it.</summary>
internal sealed class ModelCalls(ModelBroker broker, Random random)
{
    private const string TransformGroup = "transform";
    private const int InputKey = 0;

    private int OutputKey => broker.Logs.Length - 1;

    public HistoryEvent Next(ModelProcess process) => process.Role switch
    {
        ModelRole.Producer => NextOfProducer(process),
        ModelRole.Consumer => NextOfConsumer(process),
        _ => NextOfTransformer(process),
    };

    /// <summary>What the process gets to read, and what a transformer makes of it before it asks to commit.</summary>
    public HistoryEvent Prepare(ModelProcess process, HistoryEvent call)
    {
        if (call.Function == Function.Poll)
        {
            return call with
            {
                Polls = [.. process.Positions.Where(_ => random.Next(2) == 0).SelectMany(each => broker.Read(each.Key, each.Value, random.Next(1, 20)))],
            };
        }

        if (process.Role != ModelRole.Transformer || call.Function != Function.Txn)
        {
            return call;
        }

        long position = process.Positions[InputKey];
        PolledRecord[] polled = broker.Read(InputKey, position, random.Next(1, 20));
        return call with
        {
            Polls = polled,
            Sends = [.. polled.Select(record => new SentRecord(OutputKey, process.NextValue()) { SourceKey = InputKey, SourceValue = record.Value })],
            Group = TransformGroup,
            Positions = [new PartitionPosition(InputKey, position + polled.Length)],
        };
    }

    /// <summary>The broker does what is asked, or refuses it.</summary>
    public HistoryEvent Apply(HistoryEvent call)
    {
        HistoryEvent ok = call with { Kind = EventKind.Ok, Incarnation = broker.Incarnation };
        if (call.Function is Function.Send or Function.Txn && broker.IsFenced(call))
        {
            return ok with { Kind = EventKind.Fail, Error = "INVALID_PRODUCER_EPOCH" };
        }

        switch (call.Function)
        {
            case Function.Send:
                return ok with { Sends = broker.Append(call.Sends) };
            case Function.Txn:
                broker.NoteCommitted(call);
                broker.Commit(call.Group, call.Positions);
                return ok with { Sends = broker.Append(call.Sends) };
            case Function.EndTxn:
                return ok with { Committed = broker.IsCommitted(call) };
            case Function.InitProducer:
                return ok with { Epoch = broker.NextEpoch(call.ProducerId) };
            case Function.CommitOffsets:
                broker.Commit(call.Group, call.Positions);
                return ok;
            case Function.FetchOffsets:
                return ok with { Positions = broker.Fetch(call.Group, call.Positions) };
            case Function.ListOffsets:
                return ok with { Ends = broker.Ends() };
            default:
                return ok;
        }
    }

    /// <summary>What an answer tells the process.</summary>
    public static void Learn(ModelProcess process, HistoryEvent call, HistoryEvent answer)
    {
        switch (answer.Function)
        {
            case Function.InitProducer:
                process.Epoch = answer.Epoch;
                break;
            case Function.Send:
                process.LastSend = call;
                break;
            case Function.EndTxn:
                process.InDoubt = null;
                break;
            case Function.FetchOffsets when process.Role == ModelRole.Transformer:
                process.Fetched = Math.Max(0, answer.Positions[0].Position);
                break;
            case Function.Assign:
                process.Positions.Clear();
                foreach (PartitionPosition each in answer.Positions)
                {
                    process.Positions[each.Key] = each.Position;
                }

                break;
        }

        foreach (PolledRecord polled in answer.Polls)
        {
            process.Positions[polled.Key] = polled.Offset + 1;
        }
    }

    private HistoryEvent NextOfProducer(ModelProcess process)
    {
        int dice = process.Epoch < 0 ? 0 : random.Next(100);
        if (dice < 2)
        {
            return process.Calls(Function.InitProducer) with { ProducerId = process.ProducerId, TransactionalId = $"producer-{process.ProducerId}" };
        }

        if (dice < 6 && process.LastSend is { } last)
        {
            return last with { IsRetry = true };
        }

        HistoryEvent call = process.Calls(dice < 70 ? Function.Send : Function.Txn) with { ProducerId = process.ProducerId, Epoch = process.Epoch };
        if (call.Function == Function.Send)
        {
            int key = random.Next(OutputKey);
            return call with { Sends = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => new SentRecord(key, process.NextValue()))] };
        }

        return call with
        {
            TransactionNumber = process.Transactions++,
            Sends = [.. Enumerable.Range(0, random.Next(1, 5)).Select(_ => new SentRecord(random.Next(OutputKey), process.NextValue()))],
        };
    }

    private HistoryEvent NextOfConsumer(ModelProcess process)
    {
        int dice = process.Positions.Count == 0 ? 0 : random.Next(100);
        PartitionPosition one = new(random.Next(broker.Logs.Length), 0);
        return dice switch
        {
            < 3 => process.Calls(Function.Assign) with { Positions = [.. SomePartitions()] },
            < 6 => process.Calls(Function.ListOffsets),
            < 9 => process.Calls(Function.CommitOffsets) with { Group = GroupOf(process), Positions = [one with { Position = broker.Logs[one.Key].Count }] },
            < 12 => process.Calls(Function.FetchOffsets) with { Group = GroupOf(process), Positions = [one] },
            _ => process.Calls(Function.Poll),
        };
    }

    private static HistoryEvent NextOfTransformer(ModelProcess process)
    {
        if (process.Epoch < 0)
        {
            return process.Calls(Function.InitProducer) with { ProducerId = process.ProducerId, TransactionalId = TransformGroup };
        }

        if (process.InDoubt is { } inDoubt)
        {
            return process.Calls(Function.EndTxn) with
            {
                ProducerId = inDoubt.ProducerId,
                Epoch = inDoubt.Epoch,
                TransactionNumber = inDoubt.TransactionNumber,
            };
        }

        PartitionPosition input = new(InputKey, 0);
        if (process.Fetched is not { } fetched)
        {
            return process.Calls(Function.FetchOffsets) with { Group = TransformGroup, Positions = [input] };
        }

        return process.Positions.Count == 0
            ? process.Calls(Function.Assign) with { Positions = [input with { Position = fetched }] }
            : process.Calls(Function.Txn) with { ProducerId = process.ProducerId, Epoch = process.Epoch, TransactionNumber = process.Transactions++ };
    }

    private IEnumerable<PartitionPosition> SomePartitions() =>
        from key in Enumerable.Range(0, broker.Logs.Length)
        where random.Next(2) == 0
        select new PartitionPosition(key, Math.Max(0, broker.Logs[key].Count - random.Next(50)));

    private static string GroupOf(ModelProcess process) => $"group-{process.Number % 4}";
}
