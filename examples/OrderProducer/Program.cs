// Sends orders and says where each one is on disk:  dotnet run --project examples/OrderProducer [HOST:PORT] [COUNT]
using Broker.Client;

string server = args.Length > 0 ? args[0] : "127.0.0.1:9095";
int count = args.Length > 1 ? int.Parse(args[1]) : 10;

await using var client = new BrokerClient(server);
await client.Admin.EnsureTopicAsync("orders", partitionCount: 4);
await using Producer producer = client.CreateProducer();

// Not awaited one by one: what is sent meanwhile shares batches and syncs. Orders of one customer stay in order.
Task<RecordMetadata>[] sends =
[
    .. Enumerable.Range(1, count).Select(number =>
        producer.SendAsync("orders", key: $"customer-{number % 7}", value: $$"""{"order":{{number}},"total":{{number * 10}}}""").AsTask()),
];

// Each completes when its record is on disk; one that fails throws a BrokerException.
foreach (RecordMetadata ack in await Task.WhenAll(sends))
{
    Console.WriteLine($"on disk: partition {ack.Partition}, offset {ack.Offset}");
}
