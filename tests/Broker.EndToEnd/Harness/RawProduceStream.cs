using System.Collections.Concurrent;
using Broker.Protocol.V1;
using Grpc.Core;

namespace Broker.EndToEnd.Harness;

/// <summary>
/// A produce stream without a client around it: what is sent, in which order and how often is the test's business. One batch or
/// commit a request.
/// </summary>
/// <remarks>One caller sends at a time.</remarks>
internal sealed class RawProduceStream : IAsyncDisposable
{
    private readonly AsyncDuplexStreamingCall<ProduceRequest, ProduceResponse> _call;
    private readonly ConcurrentQueue<TaskCompletionSource<ProduceAck>> _unanswered = new();
    private readonly Task _reading;
    private ulong _sent;

    public RawProduceStream(ProduceService.ProduceServiceClient produce)
    {
        _call = produce.Produce();
        _reading = ReadAsync();
    }

    /// <summary>Sends one batch; returns when it is on its way, with what will be its answer.</summary>
    public async Task<Task<BatchResult>> SendAsync(PartitionBatch batch, TransactionContext? transaction = null)
    {
        Task<ProduceAck> answer = await SendAsync(new ProduceRequest { Batches = { batch }, Transaction = transaction });
        return answer.ContinueWith(ack => ack.GetAwaiter().GetResult().Results.Single(), TaskScheduler.Default);
    }

    /// <summary>Sends a commit without batches; returns when it is on its way, with what will be its answer.</summary>
    public async Task<Task<CommitResult>> CommitAsync(CommitTransactionRequest commit)
    {
        Task<ProduceAck> answer = await SendAsync(new ProduceRequest { Commit = commit });
        return answer.ContinueWith(ack => ack.GetAwaiter().GetResult().Commit, TaskScheduler.Default);
    }

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task<Task<ProduceAck>> SendAsync(ProduceRequest request)
    {
        var answer = new TaskCompletionSource<ProduceAck>(TaskCreationOptions.RunContinuationsAsynchronously);
        _unanswered.Enqueue(answer);
        request.CorrelationId = ++_sent;
        await _call.RequestStream.WriteAsync(request);
        return answer.Task;
    }

    private async Task ReadAsync()
    {
        ulong answered = 0;
        try
        {
            while (await _call.ResponseStream.MoveNext(CancellationToken.None))
            {
                foreach (ProduceAck ack in _call.ResponseStream.Current.Acks)
                {
                    if (ack.CorrelationId != ++answered || !_unanswered.TryDequeue(out TaskCompletionSource<ProduceAck>? answer))
                    {
                        throw new InvalidOperationException($"Request {answered} is due, {ack.CorrelationId} was answered.");
                    }

                    answer.SetResult(ack);
                }
            }
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            while (_unanswered.TryDequeue(out TaskCompletionSource<ProduceAck>? answer))
            {
                answer.SetException(e);
            }
        }
    }
}
