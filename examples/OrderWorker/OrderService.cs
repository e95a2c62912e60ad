using Broker.Client;

namespace OrderWorker;

/// <summary>Handles the orders of each partition in order, the partitions side by side, and goes on after a restart where it was.</summary>
internal sealed class OrderService(BrokerClient client, Positions positions, ILogger<OrderService> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // An exception from here stops the host: a worker that cannot read should not look alive.
        TopicDescription topic = await client.Admin.EnsureTopicAsync("orders", partitionCount: 4, cancellationToken: stoppingToken);
        await Task.WhenAll(Enumerable.Range(0, topic.PartitionCount).Select(partition => ReadAsync(partition, stoppingToken)));
    }

    private async Task ReadAsync(int partition, CancellationToken stoppingToken)
    {
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions
        {
            Topic = "orders",
            Partitions = [partition],
            From = positions.Load(partition) is { } next ? StartAt.Offset(next) : StartAt.Earliest,
        });
        await foreach (ConsumedRecord order in consumer.ReadAllAsync(stoppingToken))
        {
            Handle(order);
            // After the work, so that no order is left out; one that was handled right before a crash is handled again.
            positions.Save(partition, order.Offset + 1);
        }
    }

    private void Handle(ConsumedRecord order)
    {
        log.LogInformation("handled {Partition}/{Offset} of {Customer}: {Order}", order.Partition, order.Offset, order.KeyText, order.ValueText);
    }
}
