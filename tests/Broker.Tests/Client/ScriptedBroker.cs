using System.Net;
using System.Net.Sockets;
using Broker.Client;
using Broker.Protocol.V1;
using Broker.Records;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Broker.Tests.Client;

/// <summary>
/// A broker of few lines that does what a test tells it to: refuse, fall silent, break the connection before or after a
/// write. Keeps a log of what it took, with the sequence rules of the real one.
/// </summary>
internal sealed class ScriptedBroker : IAsyncDisposable
{
    private readonly WebApplication _application;
    private readonly Lock _gate = new();
    private readonly Dictionary<(long Producer, TopicId Topic, int Partition), long> _expected = [];
    private readonly Dictionary<(long Producer, TopicId Topic, int Partition, long Sequence), long> _offsets = [];
    private readonly Dictionary<(TopicId Topic, int Partition), List<string>> _logs = [];
    private long _lastProducerId;
    private int _firstKnownProducerId;

    private ScriptedBroker(WebApplication application)
    {
        _application = application;
    }

    public string Address { get; private set; } = "";

    public TopicId TopicId { get; set; } = new(Guid.Parse("0f0e0d0c-0b0a-0908-0706-050403020100"));

    public int PartitionCount { get; set; } = 1;

    /// <summary>Partitions that are described as quarantined and take nothing.</summary>
    public HashSet<int> Quarantined { get; } = [];

    public bool HasTopic { get; set; } = true;

    public Broker.Protocol.V1.Limits Limits { get; } = new() { RecordBytesMax = 1 << 20, BatchBytesMax = 4 << 20, MessageBytesMax = 8 << 20 };

    /// <summary>Asked before each batch is looked at; an error refuses it, null lets it pass.</summary>
    public Func<string, Error?> Refuse { get; set; } = _ => null;

    /// <summary>Asked after a message was written and before it is acknowledged; true breaks the stream.</summary>
    public Func<int, bool> BreakAfterWrite { get; set; } = _ => false;

    /// <summary>Awaited before each acknowledgement.</summary>
    public Func<Task> BeforeAck { get; set; } = () => Task.CompletedTask;

    /// <summary>What becomes of a call that creates a topic.</summary>
    public Func<CreateTopicRequest, CreateTopicResponse> CreateTopic { get; set; } = _ => throw new RpcException(new Status(StatusCode.Unimplemented, "Not in this script."));

    /// <summary>What a fetch stream does.</summary>
    public Func<IAsyncStreamReader<FetchRequest>, IServerStreamWriter<FetchResponse>, CancellationToken, Task> Fetch { get; set; } =
        (_, _, _) => Task.CompletedTask;

    /// <summary>The numbers of the transactions that were to be aborted.</summary>
    public List<ulong> Aborted { get; } = [];

    public int MessageCount { get; private set; }

    public int StreamCount { get; private set; }

    public static async Task<ScriptedBroker> StartAsync(int port = 0)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(
            IPAddress.Loopback, port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = 16 << 20);
        ScriptedBroker? broker = null;
        builder.Services.AddSingleton(_ => broker!);
        WebApplication application = builder.Build();
        broker = new ScriptedBroker(application);
        application.MapGrpcService<AdminScript>();
        application.MapGrpcService<ProduceScript>();
        application.MapGrpcService<TransactionScript>();
        application.MapGrpcService<FetchScript>();
        await application.StartAsync();
        string url = application.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        broker.Address = new Uri(url).Authority;
        return broker;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>An error as the real broker gives it.</summary>
    public static RpcException Refusal(StatusCode code, string reason, string message)
    {
        var info = new Google.Rpc.ErrorInfo { Reason = reason, Metadata = { ["definite"] = "true", ["retriable"] = "false" } };
        return new Google.Rpc.Status
        {
            Code = (int)code,
            Message = message,
            Details = { Google.Protobuf.WellKnownTypes.Any.Pack(info) },
        }.ToRpcException();
    }

    public BrokerClient Connect(Action<BrokerClientOptions>? configure = null)
    {
        var options = new BrokerClientOptions
        {
            Server = Address,
            ReconnectBackoff = TimeSpan.FromMilliseconds(1),
            ReconnectBackoffMax = TimeSpan.FromMilliseconds(20),
            RandomSeed = 1,
        };
        configure?.Invoke(options);
        return new BrokerClient(options);
    }

    /// <summary>The values in a partition's log, in order.</summary>
    public string[] Log(int partition = 0)
    {
        lock (_gate)
        {
            return _logs.TryGetValue((TopicId, partition), out List<string>? log) ? [.. log] : [];
        }
    }

    public void ForgetProducers()
    {
        lock (_gate)
        {
            _firstKnownProducerId = (int)_lastProducerId + 1;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync(new CancellationToken(canceled: true));
        await _application.DisposeAsync();
    }

    private BatchResult Append(PartitionBatch batch)
    {
        byte[] stored = batch.StoredBatch.ToByteArray();
        TopicId id = TopicId.Read(batch.TopicId.Span);
        string[] values = Values(stored);
        if (id != TopicId || batch.Partition >= PartitionCount || !HasTopic)
        {
            return SequenceModel.Refusal("UNKNOWN_TOPIC_OR_PARTITION");
        }

        Assert.Equal(BatchError.None, StoredBatch.Validate(stored, StoredBatch.PrefixSeed(id, batch.Partition), 4 << 20));
        if (Quarantined.Contains(batch.Partition))
        {
            return SequenceModel.Refusal("PARTITION_QUARANTINED");
        }

        if (Refuse(values[0]) is { } error)
        {
            return new BatchResult { Error = error };
        }

        var view = new StoredBatchView(stored);
        lock (_gate)
        {
            if (view.ProducerId < _firstKnownProducerId)
            {
                return SequenceModel.Refusal("UNKNOWN_PRODUCER_ID");
            }

            var key = (view.ProducerId, id, batch.Partition);
            long expected = _expected.GetValueOrDefault(key);
            if (view.BaseSequence > expected)
            {
                return SequenceModel.Refusal("OUT_OF_ORDER_SEQUENCE_NUMBER");
            }

            if (view.BaseSequence < expected)
            {
                long original = _offsets[(view.ProducerId, id, batch.Partition, view.BaseSequence)];
                return new BatchResult { BaseOffset = original, Duplicate = true, Durability = Broker.Protocol.V1.Durability.Durable };
            }

            if (!_logs.TryGetValue((id, batch.Partition), out List<string>? log))
            {
                _logs[(id, batch.Partition)] = log = [];
            }

            long baseOffset = log.Count;
            log.AddRange(values);
            _expected[key] = expected + view.RecordCount;
            _offsets[(view.ProducerId, id, batch.Partition, view.BaseSequence)] = baseOffset;
            return new BatchResult { BaseOffset = baseOffset, Durability = Broker.Protocol.V1.Durability.Durable, AppendTimeMs = 5 };
        }
    }

    private static string[] Values(byte[] stored)
    {
        using var scratch = new DecompressionBuffer();
        Assert.Equal(BatchError.None, BatchReader.TryOpen(stored, scratch, out BatchReader reader));
        var values = new List<string>();
        while (reader.TryRead(out RecordView record))
        {
            values.Add(System.Text.Encoding.UTF8.GetString(record.Value.Span));
        }

        return [.. values];
    }

    private sealed class AdminScript(ScriptedBroker broker) : AdminService.AdminServiceBase
    {
        public override Task<GetServerInfoResponse> GetServerInfo(GetServerInfoRequest request, ServerCallContext context) =>
            Task.FromResult(new GetServerInfoResponse { Limits = broker.Limits });

        public override Task<CreateTopicResponse> CreateTopic(CreateTopicRequest request, ServerCallContext context) =>
            Task.FromResult(broker.CreateTopic(request));

        public override Task<DescribeTopicResponse> DescribeTopic(DescribeTopicRequest request, ServerCallContext context)
        {
            if (!broker.HasTopic)
            {
                throw Refusal(StatusCode.NotFound, "UNKNOWN_TOPIC_OR_PARTITION", $"There is no topic '{request.Name}'.");
            }

            var id = new byte[TopicId.SizeBytes];
            broker.TopicId.WriteTo(id);
            return Task.FromResult(new DescribeTopicResponse
            {
                Topic = new Topic { Name = request.Name, TopicId = ByteString.CopyFrom(id), PartitionCount = broker.PartitionCount },
                Partitions = { broker.Quarantined.Select(partition => new Partition { Partition_ = partition, State = "quarantined" }) },
            });
        }
    }

    private sealed class ProduceScript(ScriptedBroker broker) : ProduceService.ProduceServiceBase
    {
        public override Task<InitProducerResponse> InitProducer(InitProducerRequest request, ServerCallContext context) =>
            Task.FromResult(new InitProducerResponse { ProducerId = Interlocked.Increment(ref broker._lastProducerId) });

        public override async Task Produce(
            IAsyncStreamReader<ProduceRequest> requestStream,
            IServerStreamWriter<ProduceResponse> responseStream,
            ServerCallContext context)
        {
            broker.StreamCount++;
            await foreach (ProduceRequest request in requestStream.ReadAllAsync())
            {
                var ack = new ProduceAck { CorrelationId = request.CorrelationId };
                ack.Results.AddRange(request.Batches.Select(broker.Append));
                if (broker.BreakAfterWrite(++broker.MessageCount))
                {
                    throw new RpcException(new Status(StatusCode.Unavailable, "The script breaks the stream."));
                }

                await broker.BeforeAck();
                await responseStream.WriteAsync(new ProduceResponse { Acks = { ack } });
            }
        }
    }

    private sealed class TransactionScript(ScriptedBroker broker) : TransactionService.TransactionServiceBase
    {
        public override Task<AbortTransactionResponse> AbortTransaction(AbortTransactionRequest request, ServerCallContext context)
        {
            lock (broker._gate)
            {
                broker.Aborted.Add(request.Transaction.Number);
            }

            return Task.FromResult(new AbortTransactionResponse());
        }
    }

    private sealed class FetchScript(ScriptedBroker broker) : FetchService.FetchServiceBase
    {
        public override Task Fetch(
            IAsyncStreamReader<FetchRequest> requestStream,
            IServerStreamWriter<FetchResponse> responseStream,
            ServerCallContext context) => broker.Fetch(requestStream, responseStream, context.CancellationToken);
    }
}
