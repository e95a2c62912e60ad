using Broker.Client.Transport;
using Broker.Protocol.V1;
using Google.Protobuf;

namespace Broker.Client;

/// <summary>How far groups of consumers have come.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class GroupClient
{
    private readonly ClientContext _context;
    private readonly GroupService.GroupServiceClient _groups;

    internal GroupClient(ClientContext context)
    {
        _context = context;
        _groups = new GroupService.GroupServiceClient(context.Connection.Invoker);
    }

    /// <summary>Remembers how far a group has come, all of it or nothing. Together with records: <see cref="Transaction.SendOffsets"/>.</summary>
    /// <exception cref="BrokerException">A topic or partition is not there, or ends before the offset.</exception>
    public async Task CommitOffsetsAsync(
        string group, IReadOnlyCollection<TopicPartitionOffset> offsets, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(offsets);
        var request = new CommitOffsetsRequest();
        request.Offsets.AddRange(await ToWireAsync(_context, group, offsets, cancellationToken).ConfigureAwait(false));
        await _context.CallWhenThereAsync(_groups.CommitOffsetsAsync, request, isRepeatable: true, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>How far a group has come, by topic and partition; nothing where it never committed.</summary>
    public async Task<IReadOnlyList<CommittedOffset>> FetchOffsetsAsync(string group, CancellationToken cancellationToken = default)
    {
        FetchOffsetsResponse response = await _context.CallWhenThereAsync(
            _groups.FetchOffsetsAsync, new FetchOffsetsRequest { Group = group }, isRepeatable: true, cancellationToken).ConfigureAwait(false);
        return
        [
            .. response.Offsets.Select(offset => new CommittedOffset(
                offset.Topic, new Guid(offset.TopicId.Span, bigEndian: true), offset.Partition, offset.Offset, offset.Metadata,
                DateTimeOffset.FromUnixTimeMilliseconds(offset.CommitTimeMs))),
        ];
    }

    internal static async Task<IReadOnlyList<OffsetCommit>> ToWireAsync(
        ClientContext context, string group, IEnumerable<TopicPartitionOffset> offsets, CancellationToken cancellationToken)
    {
        var commits = new List<OffsetCommit>();
        foreach (TopicPartitionOffset offset in offsets)
        {
            TopicMetadata topic = await context.Topics.GetAsync(offset.Topic, context.Options.RequestTimeout, cancellationToken).ConfigureAwait(false);
            commits.Add(new OffsetCommit
            {
                Group = group,
                TopicId = ByteString.CopyFrom(topic.Id.Value.ToByteArray(bigEndian: true)),
                Partition = offset.Partition,
                Offset = offset.Offset,
            });
        }

        return commits;
    }
}
