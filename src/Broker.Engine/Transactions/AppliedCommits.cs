using Broker.Engine.Entries;
using Broker.Engine.Offsets;
using Broker.Engine.State;

namespace Broker.Engine.Transactions;

/// <summary>What commits have changed since the last checkpoint. The journal's thread only.</summary>
internal sealed class AppliedCommits
{
    private readonly List<ProducerTransactions> _dirtyTransactions = [];
    private readonly List<CommittedOffset> _dirtyOffsets = [];

    public void Apply(CommitEffects effects)
    {
        if (effects.Transactions is { } transactions)
        {
            transactions.Applied = effects.Outcome;
            if (!transactions.IsDirty)
            {
                transactions.IsDirty = true;
                _dirtyTransactions.Add(transactions);
            }
        }

        foreach ((CommittedOffset entry, OffsetValue value) in effects.Offsets)
        {
            entry.Applied = value;
            if (!entry.IsDirty)
            {
                entry.IsDirty = true;
                _dirtyOffsets.Add(entry);
            }
        }
    }

    /// <param name="lsn">The checkpoint's: producers that were forgotten by then are left out.</param>
    public void TakeChanges(StateChanges changes, long lsn)
    {
        foreach (ProducerTransactions transactions in _dirtyTransactions)
        {
            transactions.IsDirty = false;
            if (transactions.Producer.ForgottenLsn > lsn)
            {
                byte[] value = CommitEffects.Write(new ByteWriter(), transactions.Applied!).ToArray();
                changes.Put(StateFamily.Transactions, StateKeys.Producer(transactions.Producer.Id), value);
            }
        }

        _dirtyTransactions.Clear();
        foreach (CommittedOffset offset in _dirtyOffsets)
        {
            offset.IsDirty = false;
            if (!offset.Partition.IsDeleted)
            {
                OffsetValue value = offset.Applied!;
                changes.Put(
                    StateFamily.Offsets, StateKeys.Offset(offset.Partition.TopicId, offset.Partition.Partition, offset.Group),
                    StateValues.Offset(value));
            }
        }

        _dirtyOffsets.Clear();
    }
}
