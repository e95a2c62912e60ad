using Broker.Client.Transport;
using Broker.Protocol;
using Broker.Protocol.V1;
using Grpc.Core;

namespace Broker.Client.Producing;

/// <summary>
/// One produce stream from opening to its end: sends what the lists hold, hands the answers to the queues. One loop
/// writes, one reads; a failure of either ends both.
/// </summary>
internal sealed class ProduceStream(
    ClientContext context,
    ProducerOptions options,
    SendList sendList,
    AsyncSignal signal,
    Func<bool> isUrgent,
    Func<ProducerIdentity> identity,
    Func<StreamCommit?> takeCommit,
    Action<PartitionQueue, Reaction, List<BatchOutcome>> onAnswer)
{
    // Messages of 64 to 256 KB are what the transport carries best; small batches of many partitions share one, and a full
    // batch goes alone, so that the broker receives it into a buffer of just that size.
    private const int MessageBytesTarget = 96 * 1024;

    // With so many messages under way another small one gains nothing: the broker is writing to disk, and records that
    // gather meanwhile go in one piece with the next.
    private const int GatherAboveMessages = 3;

    private readonly Lock _gate = new();
    private readonly Queue<InFlightMessage> _inFlight = new();
    private readonly List<BatchOutcome> _outcomes = [];
    private ulong _lastCorrelationId;
    private volatile bool _hasEnded;

    /// <summary>True once an answer has come: the connection works.</summary>
    public bool HasProgressed { get; private set; }

    private int InFlightCount
    {
        get
        {
            lock (_gate)
            {
                return _inFlight.Count;
            }
        }
    }

    /// <summary>Runs until the stream breaks or is cancelled.</summary>
    /// <exception cref="RpcException">How it broke.</exception>
    public async Task RunAsync(CallInvoker invoker, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using AsyncDuplexStreamingCall<ProduceFrame, ProduceResponse> call = invoker.AsyncDuplexStreamingCall(
            ServerMethods.Produce,
            host: null,
            new CallOptions(cancellationToken: ending.Token));
        Task reading = ReadAsync(call.ResponseStream, ending.Token);
        try
        {
            await WriteAsync(call.RequestStream, ending.Token).ConfigureAwait(false);
            await ending.CancelAsync().ConfigureAwait(false);
        }
        catch (Exception e) when (e is RpcException or IOException or HttpRequestException or InvalidOperationException or OperationCanceledException)
        {
            // A failed write says only that the stream is over; the reader learns why. A broker that dies meanwhile is an
            // IOException here, or an HttpRequestException: writes do not wrap what HTTP/2 throws.
        }

        try
        {
            await reading.ConfigureAwait(false);
        }
        finally
        {
            DropCommits();
        }
    }

    /// <summary>Wakes the writing loop so that it sees the end.</summary>
    private void End()
    {
        _hasEnded = true;
        signal.Set();
    }

    private async Task WriteAsync(IClientStreamWriter<ProduceFrame> stream, CancellationToken cancellationToken)
    {
        while (!_hasEnded && !cancellationToken.IsCancellationRequested)
        {
            InFlightMessage? message = NextMessage();
            if (message is null)
            {
                await signal.WaitAsync().ConfigureAwait(false);
                continue;
            }

            ProduceFrame frame = ProduceFrame.Rent();
            frame.CorrelationId = message.CorrelationId;
            frame.Durability = (Protocol.V1.Durability)(int)options.Durability;

            // A producer's transactions come one after the other: all of its batches under way are of one.
            frame.Transaction = message.Batches.Count > 0 ? message.Batches[0].StampedIdentity!.Transaction : null;
            frame.Commit = message.Commit?.Request;
            foreach (PendingBatch batch in message.Batches)
            {
                frame.Add(batch.Queue.TopicId, batch.Queue.Partition, batch.Buffer!.Memory, batch.ExpectedLastOffset);
            }

            // From here on the message counts as sent, whatever becomes of the write.
            lock (_gate)
            {
                _inFlight.Enqueue(message);
            }

            await stream.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
            frame.Release();
        }
    }

    private InFlightMessage? NextMessage()
    {
        int inFlight = InFlightCount;
        if (inFlight >= options.MaxInFlightBatches)
        {
            return null;
        }

        InFlightMessage? message = null;
        bool urgent = isUrgent();
        Gather(QueueMarks.Full, takeUnfinished: false, urgent, ref message);
        if (urgent || inFlight < GatherAboveMessages)
        {
            Gather(QueueMarks.Unfinished, takeUnfinished: true, urgent, ref message);
        }

        if (takeCommit() is { } commit)
        {
            message ??= new InFlightMessage(++_lastCorrelationId);
            message.Commit = commit;
        }

        return message;
    }

    private void Gather(
        QueueMarks list,
        bool takeUnfinished,
        bool urgent,
        ref InFlightMessage? message)
    {
        // Those that decline go to the end of the line: each is asked once.
        int declinedMax = sendList.Count(list);
        for (int declined = 0; declined < declinedMax && (message?.SizeBytes ?? 0) < MessageBytesTarget;)
        {
            PartitionQueue? queue = sendList.Next(list);
            if (queue is null)
            {
                return;
            }

            TakeResult result = queue.TryTake(takeUnfinished, urgent, identity(), out PendingBatch? batch);
            if (result == TakeResult.Taken)
            {
                message ??= new InFlightMessage(++_lastCorrelationId);
                message.Batches.Add(batch!);
                message.SizeBytes += batch!.Buffer!.Length;
                batch.SentTicks = context.Time.GetTimestamp();

                // There may be more behind it; looking costs less than knowing.
                sendList.Add(queue, list);
            }
            else
            {
                declined++;
                if (result == TakeResult.Gathering)
                {
                    sendList.Add(queue, QueueMarks.Unfinished);
                }
            }
        }
    }

    private async Task ReadAsync(IAsyncStreamReader<ProduceResponse> stream, CancellationToken cancellationToken)
    {
        try
        {
            while (await stream.MoveNext(cancellationToken).ConfigureAwait(false))
            {
                foreach (ProduceAck ack in stream.Current.Acks)
                {
                    Take(ack);
                }

                HasProgressed = true;
                context.NoteReached();
                context.NoteIncarnation(stream.Current.Incarnation);
                signal.Set();
            }
        }
        finally
        {
            End();
        }
    }

    private void Take(ProduceAck ack)
    {
        InFlightMessage? message;
        lock (_gate)
        {
            _inFlight.TryDequeue(out message);
        }

        if (message is null || message.CorrelationId != ack.CorrelationId || message.Batches.Count != ack.Results.Count)
        {
            throw new RpcException(new Status(
                StatusCode.Internal,
                $"The acknowledgement {ack.CorrelationId} with {ack.Results.Count} results is not the one that is due "
                    + $"({message?.CorrelationId} with {message?.Batches.Count})."));
        }

        for (int i = 0; i < ack.Results.Count; i++)
        {
            PartitionQueue queue = message.Batches[i].Queue;
            Reaction reaction = queue.OnResult(message.Batches[i], ack.Results[i], _outcomes);
            onAnswer(queue, reaction, _outcomes);
        }

        message.Commit?.Complete(ack.Commit);
    }

    /// <summary>Nobody will answer any more.</summary>
    private void DropCommits()
    {
        lock (_gate)
        {
            foreach (InFlightMessage message in _inFlight)
            {
                message.Commit?.Complete(answer: null);
            }
        }
    }
}
