using System.Collections.Concurrent;
using Broker.Protocol.V1;
using Grpc.Core;

namespace Broker.EndToEnd.Harness;

/// <summary>
/// A produce stream without a client around it: what is sent, in which order and how often is the test's business. One batch a
/// request.
/// </summary>
/// <remarks>One caller sends at a time.</remarks>
internal sealed class RawProduceStream : IAsyncDisposable
{
    private readonly AsyncDuplexStreamingCall<ProduceRequest, ProduceResponse> _call;
    private readonly ConcurrentQueue<TaskCompletionSource<BatchResult>> _unanswered = new();
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
        var answer = new TaskCompletionSource<BatchResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        _unanswered.Enqueue(answer);
        await _call.RequestStream.WriteAsync(new ProduceRequest { CorrelationId = ++_sent, Batches = { batch }, Transaction = transaction });
        return answer.Task;
    }

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
                    if (ack.CorrelationId != ++answered || !_unanswered.TryDequeue(out TaskCompletionSource<BatchResult>? answer))
                    {
                        throw new InvalidOperationException($"Request {answered} is due, {ack.CorrelationId} was answered.");
                    }

                    answer.SetResult(ack.Results.Single());
                }
            }
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException)
        {
            while (_unanswered.TryDequeue(out TaskCompletionSource<BatchResult>? answer))
            {
                answer.SetException(e);
            }
        }
    }
}
