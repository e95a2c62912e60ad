using System.Diagnostics;
using Broker.EndToEnd.Harness;
using Broker.Protocol.V1;
using Broker.Records;
using Google.Protobuf;
using Google.Rpc;
using Grpc.Core;
using Grpc.Net.Client;

namespace Broker.EndToEnd.Faults.Schedules.Transactions;

/// <summary>Carries schedules out, one after the other, against two partitions in which nobody else writes.</summary>
internal sealed class TransactionClient : IAsyncDisposable
{
    private const long TimestampMs = 1_000_000;

    private readonly GrpcChannel _channel;
    private readonly RawProduceStream[] _streams;
    private readonly ProduceService.ProduceServiceClient _produce;
    private readonly TransactionService.TransactionServiceClient _transactions;
    private readonly Topic _topic;
    private readonly LogName[] _logs;

    public TransactionClient(string server, Topic topic, LogName[] logs)
    {
        (_topic, _logs) = (topic, logs);
        _channel = GrpcChannel.ForAddress($"http://{server}");
        _produce = new ProduceService.ProduceServiceClient(_channel);
        _transactions = new TransactionService.TransactionServiceClient(_channel);
        _streams = [.. Enumerable.Range(0, TransactionSchedule.Streams).Select(_ => new RawProduceStream(_produce))];
    }

    public async Task<TransactionHistory> RunAsync(TransactionSchedule schedule, int number)
    {
        var history = new TransactionHistory(number, schedule, _logs);
        var answers = new List<Task>();
        foreach (TransactionStep step in schedule.Steps.Where(step => step.Kind == CallKind.Open || step.Instance < history.Openings.Count))
        {
            if (step.Kind == CallKind.Open)
            {
                await OpenAsync(history, step);
                continue;
            }

            Task answer = await SendAsync(history, step, isAfterRestart: false);
            answers.Add(answer);
            await (step.IsAwaited ? answer : Task.CompletedTask);
        }

        await Task.WhenAll(answers);
        return history;
    }

    /// <summary>Says all commits again, and asks for every outcome, in another run of the broker.</summary>
    public async Task RepeatAsync(TransactionHistory history)
    {
        foreach ((int instance, int number) in history.Calls.Select(call => (call.Step.Instance, call.Number)).Distinct().ToArray())
        {
            foreach (CallKind kind in new[] { CallKind.Commit, CallKind.Outcome })
            {
                await await SendAsync(history, new TransactionStep(kind, instance, number), isAfterRestart: true);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RawProduceStream stream in _streams)
        {
            await stream.DisposeAsync();
        }

        _channel.Dispose();
    }

    private async Task OpenAsync(TransactionHistory history, TransactionStep step)
    {
        var opening = new TransactionCall(step, epoch: history.Openings.Count, Stopwatch.GetTimestamp());
        InitProducerResponse opened = await _produce.InitProducerAsync(new InitProducerRequest { Name = $"transactions-{history.Number}" });
        Assert.Equal(opening.Epoch, (int)opened.ProducerEpoch);
        opening.Answer(Stopwatch.GetTimestamp());
        history.Add(opening);
        (history.Incarnation, history.ProducerId) = (opened.Incarnation, opened.ProducerId);
    }

    /// <returns>When it is on its way, with its answer.</returns>
    private async Task<Task> SendAsync(TransactionHistory history, TransactionStep step, bool isAfterRestart)
    {
        var call = new TransactionCall(step, epoch: step.Instance, Stopwatch.GetTimestamp(), isAfterRestart);
        history.Add(call);
        var key = new TransactionKey
        {
            Incarnation = history.Incarnation,
            ProducerId = history.ProducerId,
            ProducerEpoch = (uint)call.Epoch,
            Number = (ulong)call.Number,
        };
        return step.Kind switch
        {
            CallKind.Send => AnswerAsync(call, await _streams[step.Stream].SendAsync(
                Encode(history, call), new TransactionContext { Incarnation = key.Incarnation, Number = key.Number })),
            CallKind.Commit when step.IsOverStream => AnswerAsync(call, await _streams[step.Stream].CommitAsync(Commit(history, call, key))),
            CallKind.Commit => AnswerAsync(call, async () => (await _transactions.CommitTransactionAsync(Commit(history, call, key))).Commit),
            CallKind.Abort => AnswerAsync(call, async () =>
            {
                await _transactions.AbortTransactionAsync(new AbortTransactionRequest { Transaction = key });
                return null;
            }),
            _ => AnswerAsync(call, async () =>
                (await _transactions.GetTransactionOutcomeAsync(new GetTransactionOutcomeRequest { Transaction = key })).Commit),
        };
    }

    private static async Task AnswerAsync(TransactionCall call, Task<BatchResult> answer)
    {
        BatchResult result = await answer;
        call.Answer(Stopwatch.GetTimestamp(), result.Error?.Reason, isDuplicate: result.Duplicate);
    }

    private static async Task AnswerAsync(TransactionCall call, Task<CommitResult> answer)
    {
        CommitResult result = await answer;
        call.Answer(Stopwatch.GetTimestamp(), result.Error?.Reason, result.Commit);
    }

    private static async Task AnswerAsync(TransactionCall call, Func<Task<TransactionCommit?>> ask)
    {
        try
        {
            TransactionCommit? commit = await ask();
            call.Answer(Stopwatch.GetTimestamp(), commit: commit);
        }
        catch (RpcException e)
        {
            call.Answer(Stopwatch.GetTimestamp(), e.GetRpcStatus()?.GetDetail<ErrorInfo>()?.Reason ?? e.Status.ToString());
        }
    }

    private CommitTransactionRequest Commit(TransactionHistory history, TransactionCall call, TransactionKey key)
    {
        var request = new CommitTransactionRequest { Transaction = key };
        for (int slot = 0; slot < _logs.Length; slot++)
        {
            if (history.BatchCount(call.Step.Instance, call.Number, slot) is > 0 and var batches)
            {
                request.Manifest.Add(new ManifestPartition
                {
                    TopicId = _topic.TopicId,
                    Partition = _logs[slot].Partition,
                    BatchCount = batches,
                    RecordCount = TransactionHistory.RecordCount(batches),
                });
            }
        }

        return request;
    }

    private PartitionBatch Encode(TransactionHistory history, TransactionCall call)
    {
        int partition = _logs[call.Step.Slot].Partition, sequence = TransactionHistory.RecordCount(call.Step.Batch);
        using var writer = new BatchWriter(Codec.None);
        for (int record = 0; record < TransactionHistory.RecordsOf(call.Step.Batch); record++)
        {
            long value = history.ValueOf(call.Step.Instance, call.Number, call.Step.Slot, sequence + record);
            writer.Append(TimestampMs, BitConverter.GetBytes(value), Payload.Create(value), []);
        }

        PooledBuffer stored = writer.Finish(
            TopicId.Read(_topic.TopicId.Span), partition, history.ProducerId, call.Epoch, sequence, isTransactional: true);
        try
        {
            return new PartitionBatch { TopicId = _topic.TopicId, Partition = partition, StoredBatch = ByteString.CopyFrom(stored.Span) };
        }
        finally
        {
            stored.Release();
        }
    }
}
