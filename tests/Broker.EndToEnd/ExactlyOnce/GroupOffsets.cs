using Broker.Checker.Histories;
using Broker.Client;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>Questions for a group's offsets.</summary>
internal static class GroupOffsets
{
    /// <returns>By key; <see cref="PartitionPosition.None"/> where nothing is committed.</returns>
    public static async Task<PartitionPosition[]> FetchAsync(
        HistoryTopics topics, BrokerClient client, HistoryProcess process, string group, IReadOnlyList<int> keys)
    {
        HistoryEvent call = process.Invoke(new HistoryEvent(process.Number, EventKind.Invoke, Function.FetchOffsets)
        {
            Group = group,
            Positions = [.. keys.Select(key => new PartitionPosition(key, PartitionPosition.None))],
        });
        try
        {
            IReadOnlyList<CommittedOffset> found = await client.Groups.FetchOffsetsAsync(group);
            Dictionary<int, long> positions = found.ToDictionary(each => topics.KeyOf(each.Topic, each.Partition), each => each.Offset);
            PartitionPosition[] answer = [.. keys.Select(key => new PartitionPosition(key, positions.GetValueOrDefault(key, PartitionPosition.None)))];
            process.Complete(call with { Positions = answer }, EventKind.Ok);
            return answer;
        }
        catch (BrokerException e)
        {
            process.Complete(call, EventKind.Fail, e);
            throw;
        }
    }
}
