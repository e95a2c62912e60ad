using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Anomalies;

/// <summary>
/// offset-lost and offset-regress (and G1a): a group's offset in a partition is a register. A fetch finds the last commit that was
/// acked before it began, or one that was under way with it or is in doubt.
/// </summary>
internal sealed class GroupOffsets
{
    private readonly Facts _facts;
    private readonly Findings _findings;
    private readonly Dictionary<(string Group, int Key), GroupRegister> _registers = [];
    private readonly Dictionary<int, int[]> _floors = [];

    private GroupOffsets(Facts facts, Findings findings) => (_facts, _findings) = (facts, findings);

    public static void Find(Facts facts, Findings findings)
    {
        var registers = new GroupOffsets(facts, findings);
        ILookup<int, Operation> provenLater = facts.History.Operations
            .Where(operation => IsCommit(operation) && !operation.IsOk && facts.Fates[operation.Ordinal] == Fate.Committed)
            .ToLookup(operation => facts.Fates.KnownAt(operation.Ordinal));
        for (int at = 0; at < facts.History.EventCount; at++)
        {
            Operation operation = facts.History.OperationAt(at);
            if (IsCommit(operation))
            {
                registers.NoteCommit(operation, at);
            }
            else if (operation.Function == Function.FetchOffsets)
            {
                registers.NoteFetch(operation, at);
            }

            foreach (Operation proven in provenLater[at])
            {
                registers.NoteHappened(proven);
            }
        }
    }

    private static bool IsCommit(Operation operation) =>
        operation.Function is Function.CommitOffsets or Function.Txn && operation.Positions.Length > 0;

    private void NoteCommit(Operation commit, int at)
    {
        if (at == commit.InvokedAt)
        {
            foreach (PartitionPosition each in commit.Positions)
            {
                RegisterOf(commit, each.Key).Begin(each.Position, commit, _facts.Fates[commit.Ordinal]);
            }
        }
        else if (commit.IsOk)
        {
            NoteHappened(commit);
        }
    }

    private void NoteHappened(Operation commit)
    {
        foreach (PartitionPosition each in commit.Positions)
        {
            RegisterOf(commit, each.Key).Happened(commit);
        }
    }

    private void NoteFetch(Operation fetch, int at)
    {
        if (at == fetch.InvokedAt)
        {
            _floors[fetch.Ordinal] = [.. fetch.Positions.Select(each => RegisterOf(fetch, each.Key).Floor)];
        }
        else if (_floors.Remove(fetch.Ordinal, out int[]? floors) && fetch.IsOk)
        {
            for (int index = 0; index < floors.Length; index++)
            {
                Judge(fetch, fetch.Positions[index], floors[index]);
            }
        }
    }

    private void Judge(Operation fetch, PartitionPosition found, int floor)
    {
        GroupRegister register = RegisterOf(fetch, found.Key);
        if (register.Judge(found.Position, floor, fetch) is not { } anomaly)
        {
            return;
        }

        string what = found.Position == PartitionPosition.None ? "no offset" : $"offset {found.Position}";
        _findings.Add(
            anomaly, found.Key, found.Position, $"group {fetch.Group} has {what} in {_facts.History.NameOf(found.Key)}",
            register.FloorOperation >= 0 ? [register.FloorOperation, fetch.Ordinal] : [fetch.Ordinal]);
    }

    private GroupRegister RegisterOf(Operation operation, int key)
    {
        (string Group, int Key) name = (operation.Group!, key);
        if (!_registers.TryGetValue(name, out GroupRegister? register))
        {
            _registers.Add(name, register = new GroupRegister());
        }

        return register;
    }
}
