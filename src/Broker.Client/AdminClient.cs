using System.Runtime.CompilerServices;
using Broker.Client.Transport;
using Broker.Protocol.V1;
using Google.Protobuf.Collections;
using Grpc.Core;

namespace Broker.Client;

/// <summary>Topics, producers and the broker itself. Every call has the options' deadline, and waits as long for a broker that is away.</summary>
/// <remarks>Thread-safe. Failures are <see cref="BrokerException"/>s.</remarks>
public sealed class AdminClient
{
    private readonly ClientContext _context;
    private readonly AdminService.AdminServiceClient _admin;
    private readonly FetchService.FetchServiceClient _fetch;
    private readonly TransactionService.TransactionServiceClient _transactions;

    internal AdminClient(ClientContext context)
    {
        _context = context;
        _admin = new AdminService.AdminServiceClient(context.Connection.Invoker);
        _fetch = new FetchService.FetchServiceClient(context.Connection.Invoker);
        _transactions = new TransactionService.TransactionServiceClient(context.Connection.Invoker);
    }

    /// <param name="config">Settings by name, such as retention.ms; those not named follow the broker's defaults.</param>
    public async Task<TopicDescription> CreateTopicAsync(
        string name,
        int partitionCount = 4,
        IReadOnlyDictionary<string, string>? config = null,
        CancellationToken cancellationToken = default)
    {
        CreateTopicRequest request = NewTopic(name, partitionCount, config);
        CreateTopicResponse response =
            await ChangeAsync(_admin.CreateTopicAsync, request, cancellationToken).ConfigureAwait(false);
        _context.Topics.Forget(name);
        return AdminModels.ToDescription(response.Topic);
    }

    /// <summary>Creates a topic unless it is there. One that is there stays as it is, whatever its partitions and settings.</summary>
    /// <param name="partitionCount">How many a new topic gets.</param>
    /// <param name="config">Settings that a new topic gets.</param>
    /// <returns>The topic as it is now, made by this call or before.</returns>
    public async Task<TopicDescription> EnsureTopicAsync(
        string name,
        int partitionCount = 4,
        IReadOnlyDictionary<string, string>? config = null,
        CancellationToken cancellationToken = default)
    {
        CreateTopicRequest request = NewTopic(name, partitionCount, config);
        try
        {
            // Nearly always it is there.
            return await DescribeTopicAsync(name, cancellationToken).ConfigureAwait(false);
        }
        catch (BrokerException e) when (e.Reason == ErrorReasons.UnknownTopicOrPartition)
        {
            // Made below.
        }

        try
        {
            // Made twice it is still one topic: unlike in CreateTopicAsync, this may be repeated after a lost connection.
            CreateTopicResponse response = await CallAsync(_admin.CreateTopicAsync, request, cancellationToken).ConfigureAwait(false);
            _context.Topics.Forget(name);
            return AdminModels.ToDescription(response.Topic);
        }
        catch (BrokerException e) when (e.Reason == ErrorReasons.TopicAlreadyExists)
        {
            return await DescribeTopicAsync(name, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <returns>All topics, by name.</returns>
    public async Task<IReadOnlyList<TopicSummary>> ListTopicsAsync(CancellationToken cancellationToken = default)
    {
        ListTopicsResponse response = await CallAsync(_admin.ListTopicsAsync, new ListTopicsRequest(), cancellationToken).ConfigureAwait(false);
        return [.. response.Topics.Select(t => new TopicSummary(AdminModels.ToDescription(t.Topic), t.RecordCount, t.SizeBytes, t.QuarantinedPartitionCount))];
    }

    public async Task<TopicDescription> DescribeTopicAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        DescribeTopicResponse response = await CallAsync(_admin.DescribeTopicAsync, new DescribeTopicRequest { Name = name }, cancellationToken)
            .ConfigureAwait(false);
        return AdminModels.ToDescription(response.Topic, response.Settings, response.Partitions);
    }

    /// <param name="unset">Settings that go back to the broker's default.</param>
    public async Task<TopicDescription> AlterTopicAsync(
        string name,
        IReadOnlyDictionary<string, string>? set = null,
        IEnumerable<string>? unset = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        var request = new AlterTopicRequest { Name = name };
        AddAll(request.Set, set);
        request.Unset.AddRange(unset ?? []);
        AlterTopicResponse response =
            await CallAsync(_admin.AlterTopicAsync, request, cancellationToken).ConfigureAwait(false);
        _context.Topics.Forget(name);
        return AdminModels.ToDescription(response.Topic);
    }

    /// <param name="partitionCount">How many there shall be, more than now.</param>
    public async Task<TopicDescription> AddPartitionsAsync(
        string name,
        int partitionCount,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        AddPartitionsResponse response = await ChangeAsync(
            _admin.AddPartitionsAsync,
            new AddPartitionsRequest { Name = name, PartitionCount = partitionCount },
            cancellationToken).ConfigureAwait(false);
        _context.Topics.Forget(name);
        return AdminModels.ToDescription(response.Topic);
    }

    /// <summary>Deletes the records before a place in each partition.</summary>
    /// <param name="partitions">Null: every partition.</param>
    /// <returns>Where each partition begins now.</returns>
    public async Task<IReadOnlyList<PartitionOffset>> TrimTopicAsync(
        string name,
        StartAt before,
        IEnumerable<int>? partitions = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        var request = new TrimTopicRequest { Name = name, Before = before.ToWire() };
        request.Partitions.AddRange(partitions ?? []);
        TrimTopicResponse response =
            await CallAsync(_admin.TrimTopicAsync, request, cancellationToken).ConfigureAwait(false);
        return [.. response.Partitions.Select(p => new PartitionOffset(p.Partition, p.LogStartOffset))];
    }

    public async Task DeleteTopicAsync(string name, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        await ChangeAsync(_admin.DeleteTopicAsync, new DeleteTopicRequest { Name = name }, cancellationToken)
            .ConfigureAwait(false);
        _context.Topics.Forget(name);
    }

    public async Task<ServerInfo> GetServerInfoAsync(CancellationToken cancellationToken = default)
    {
        GetServerInfoResponse response = await CallAsync(_admin.GetServerInfoAsync, new GetServerInfoRequest(), cancellationToken).ConfigureAwait(false);
        return AdminModels.ToServerInfo(response);
    }

    /// <param name="partitions">Null: every partition.</param>
    /// <returns>The offset at that place in each partition.</returns>
    public async Task<IReadOnlyList<PartitionOffset>> ListOffsetsAsync(
        string topic,
        StartAt at,
        IEnumerable<int>? partitions = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(topic);
        var request = new ListOffsetsRequest { Topic = topic, At = at.ToWire() };
        request.Partitions.AddRange(partitions ?? []);
        ListOffsetsResponse response =
            await CallAsync(_fetch.ListOffsetsAsync, request, cancellationToken).ConfigureAwait(false);
        return [.. response.Offsets.Select(o => new PartitionOffset(o.Partition, o.Offset))];
    }

    /// <returns>Every producer whose sequences the broker remembers, by id.</returns>
    /// <param name="onlyNamed">Those with a name alone; there may be a million others.</param>
    public async IAsyncEnumerable<ProducerDescription> ListProducersAsync(
        bool onlyNamed = false, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = new ListProducersRequest { OnlyNamed = onlyNamed };
        ListProducersResponse page;
        do
        {
            page = await CallAsync(_admin.ListProducersAsync, request, cancellationToken).ConfigureAwait(false);
            foreach (ProducerInfo producer in page.Producers)
            {
                request.AfterId = producer.ProducerId;
                yield return AdminModels.ToDescription(producer);
            }
        }
        while (page.HasMore);
    }

    public Task<ProducerDescription> DescribeProducerAsync(string name, CancellationToken cancellationToken = default) =>
        DescribeProducerAsync(new DescribeProducerRequest { Name = name }, cancellationToken);

    public Task<ProducerDescription> DescribeProducerAsync(long id, CancellationToken cancellationToken = default) =>
        DescribeProducerAsync(new DescribeProducerRequest { ProducerId = id }, cancellationToken);

    /// <summary>Forgets a producer and its sequences: whoever writes under it is refused, and its name begins anew.</summary>
    public Task DeleteProducerAsync(string name, CancellationToken cancellationToken = default) =>
        ChangeAsync(_admin.DeleteProducerAsync, new DeleteProducerRequest { Name = name }, cancellationToken);

    /// <inheritdoc cref="DeleteProducerAsync(string, CancellationToken)"/>
    public Task DeleteProducerAsync(long id, CancellationToken cancellationToken = default) =>
        ChangeAsync(_admin.DeleteProducerAsync, new DeleteProducerRequest { ProducerId = id }, cancellationToken);

    /// <summary>Every transaction that is open, by producer.</summary>
    public async Task<IReadOnlyList<OpenTransaction>> ListTransactionsAsync(CancellationToken cancellationToken = default)
    {
        ListTransactionsResponse response =
            await CallAsync(_transactions.ListTransactionsAsync, new ListTransactionsRequest(), cancellationToken).ConfigureAwait(false);
        return [.. response.Transactions.Select(AdminModels.ToOpen)];
    }

    /// <param name="producer">Its name.</param>
    public async Task<TransactionDescription> DescribeTransactionAsync(string producer, CancellationToken cancellationToken = default)
    {
        DescribeTransactionResponse response = await CallAsync(
            _transactions.DescribeTransactionAsync, new DescribeTransactionRequest { Producer = producer }, cancellationToken).ConfigureAwait(false);
        return new TransactionDescription(
            response.Producer,
            response.ProducerId,
            (int)response.ProducerEpoch,
            response.Open is { } open ? AdminModels.ToOpen(open) : null,
            [.. response.Staged.Select(staged => new StagedRecords(staged.Topic, staged.Partition, staged.BatchCount, staged.RecordCount, staged.Bytes))],
            response.LastCommit is { } commit ? AdminModels.ToResult(commit) : null);
    }

    /// <summary>Aborts the open transaction of a producer, whatever it is doing.</summary>
    /// <param name="producer">Its name.</param>
    /// <returns>False when none was open.</returns>
    public async Task<bool> AbortTransactionAsync(string producer, CancellationToken cancellationToken = default)
    {
        AbortOpenTransactionResponse response = await ChangeAsync(
            _transactions.AbortOpenTransactionAsync, new AbortOpenTransactionRequest { Producer = producer }, cancellationToken).ConfigureAwait(false);
        return response.WasOpen;
    }

    private async Task<ProducerDescription> DescribeProducerAsync(DescribeProducerRequest request, CancellationToken cancellationToken)
    {
        DescribeProducerResponse response = await CallAsync(_admin.DescribeProducerAsync, request, cancellationToken).ConfigureAwait(false);
        return AdminModels.ToDescription(response.Producer) with { Positions = [.. response.Positions.Select(AdminModels.ToPosition)] };
    }

    private static CreateTopicRequest NewTopic(string name, int partitionCount, IReadOnlyDictionary<string, string>? config)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentOutOfRangeException.ThrowIfLessThan(partitionCount, 1);
        var request = new CreateTopicRequest { Name = name, PartitionCount = partitionCount };
        AddAll(request.Config, config);
        return request;
    }

    private Task<TResponse> CallAsync<TRequest, TResponse>(
        Func<TRequest, CallOptions, AsyncUnaryCall<TResponse>> method, TRequest request, CancellationToken cancellationToken) =>
        _context.CallWhenThereAsync(method, request, isRepeatable: true, cancellationToken);

    /// <summary>What would fail when it is done twice, or do more than was wanted.</summary>
    private Task<TResponse> ChangeAsync<TRequest, TResponse>(
        Func<TRequest, CallOptions, AsyncUnaryCall<TResponse>> method, TRequest request, CancellationToken cancellationToken) =>
        _context.CallWhenThereAsync(method, request, isRepeatable: false, cancellationToken);

    private static void AddAll(MapField<string, string> target, IReadOnlyDictionary<string, string>? source)
    {
        foreach ((string key, string value) in source ?? new Dictionary<string, string>())
        {
            target[key] = value;
        }
    }
}
