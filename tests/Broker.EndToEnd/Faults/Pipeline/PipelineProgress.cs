using System.Collections.Concurrent;
using Broker.Client;
using Broker.EndToEnd.Harness;
using Broker.Records;

namespace Broker.EndToEnd.Faults.Pipeline;

/// <summary>How far the pipeline has come, as anybody may ask the broker.</summary>
internal sealed class PipelineProgress : IAsyncDisposable
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(1);

    private readonly BrokerClient _client;
    private readonly DeliveryMode _delivery;
    private readonly BackgroundLoop _loop = new();

    // By partition of the output, up to where it was read; by partition of the flights, up to where an output reaches.
    private readonly ConcurrentDictionary<int, long> _read = new(), _reached = new();

    public PipelineProgress(BrokerClient client, DeliveryMode delivery)
    {
        (_client, _delivery) = (client, delivery);
        _loop.Start(FollowAsync);
    }

    /// <summary>By partition of the flights, the committed offset.</summary>
    public async Task<IReadOnlyDictionary<int, long>> CommittedAsync() =>
        (await _client.Groups.FetchOffsetsAsync(PipelineNames.Group)).ToDictionary(offset => offset.Partition, offset => offset.Offset);

    /// <summary>Whether a worker that stands still has done one half of something: what is left of it when it ends now depends on the mode.</summary>
    public async Task<bool> IsInFlightAsync(PipelineWorker worker)
    {
        IReadOnlyDictionary<int, long> committed = await CommittedAsync();
        if (_delivery != DeliveryMode.ExactlyOnce)
        {
            await CatchUpAsync();
        }

        return worker.Partitions.Any(partition =>
        {
            long offset = committed.GetValueOrDefault(partition), reached = _reached.GetValueOrDefault(partition);
            return _delivery switch
            {
                DeliveryMode.ExactlyOnce => worker.Handled(partition) > offset,
                DeliveryMode.AtLeastOnce => reached > offset,
                _ => reached < offset,
            };
        });
    }

    /// <summary>Whether everything that is in the flights now is committed.</summary>
    public async Task<bool> IsDoneAsync()
    {
        IReadOnlyDictionary<int, long> committed = await CommittedAsync();
        IReadOnlyList<PartitionOffset> ends = await _client.Admin.ListOffsetsAsync(PipelineNames.Flights, StartAt.Latest);
        return ends.All(end => committed.GetValueOrDefault(end.Partition) == end.Offset);
    }

    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task CatchUpAsync()
    {
        foreach (PartitionOffset end in await _client.Admin.ListOffsetsAsync(PipelineNames.RouteDelays, StartAt.Latest))
        {
            while (_read.GetValueOrDefault(end.Partition) < end.Offset)
            {
                if (_loop.Work.IsCompleted)
                {
                    await _loop.Work;
                }

                await Task.Delay(PollInterval);
            }
        }
    }

    private async Task FollowAsync()
    {
        await using Consumer consumer = _client.CreateConsumer(new ConsumerOptions { Topic = PipelineNames.RouteDelays, From = StartAt.Earliest });
        await foreach (ConsumedBatch batch in consumer.ReadBatchesAsync(_loop.Stopping))
        {
            foreach (RecordView record in batch.Records())
            {
                RouteDelays delays = RouteDelays.Parse(record.Value.Span);
                _reached[delays.Partition] = Math.Max(_reached.GetValueOrDefault(delays.Partition), delays.To);
            }

            _read[batch.Partition] = batch.NextOffset;
        }
    }
}
