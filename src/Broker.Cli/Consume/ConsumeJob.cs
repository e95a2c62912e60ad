using Broker.Client;
using Broker.Records;

namespace Broker.Cli.Consume;

/// <summary>Copies records from a consumer to standard output until the count, the end, or an interruption.</summary>
internal sealed class ConsumeJob(RecordOutput output, bool asJson, long countMax) : IDisposable
{
    // How often an idle command looks whether its reader is still there.
    private static readonly TimeSpan ReaderCheckInterval = TimeSpan.FromMilliseconds(250);

    private readonly JsonRecordWriter? _json = asJson ? new JsonRecordWriter() : null;

    public long RecordCount { get; private set; }

    public async Task RunAsync(Consumer consumer, CancellationToken cancellation)
    {
        // An enumeration may be left only when nobody waits in it: whatever ends this method first stops the waiting.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        IAsyncEnumerator<ConsumedBatch> batches =
            consumer.ReadBatchesAsync(stop.Token).GetAsyncEnumerator(CancellationToken.None);
        await using (batches.ConfigureAwait(false))
        {
            while (RecordCount < countMax && await MoveNextAsync(batches, stop).ConfigureAwait(false))
            {
                Write(batches.Current);
            }
        }

        output.Flush();
    }

    public void Dispose() => _json?.Dispose();

    private async ValueTask<bool> MoveNextAsync(IAsyncEnumerator<ConsumedBatch> batches, CancellationTokenSource stop)
    {
        ValueTask<bool> move = batches.MoveNextAsync();
        if (move.IsCompletedSuccessfully)
        {
            return move.Result;
        }

        Task<bool> pending = move.AsTask();
        try
        {
            // Nothing is ready: what is buffered goes out now, not when the buffer is full.
            output.Flush();
            while (await Task.WhenAny(pending, Task.Delay(ReaderCheckInterval, stop.Token)).ConfigureAwait(false) != pending
                && !stop.IsCancellationRequested)
            {
                output.CheckReader();
            }
        }
        catch (IOException)
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await ((Task)pending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        return await pending.ConfigureAwait(false);
    }

    private void Write(ConsumedBatch batch)
    {
        foreach (RecordView record in batch.Records())
        {
            output.WriteLine(_json is null
                ? record.Value.Span
                : _json.Write(batch.Topic, batch.Partition, batch.AppendTimeMs, record));
            if (++RecordCount == countMax)
            {
                return;
            }
        }
    }
}
