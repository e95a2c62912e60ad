// Reads all orders from the first on and follows until Ctrl-C:  dotnet run --project examples/OrderConsumer [HOST:PORT]
using Broker.Client;

string server = args.Length > 0 ? args[0] : "127.0.0.1:9095";
using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

await using var client = new BrokerClient(server);
await using Consumer consumer = client.CreateConsumer("orders");
try
{
    await foreach (ConsumedRecord record in consumer.ReadAllAsync(stop.Token))
    {
        Console.WriteLine($"{record.Partition}/{record.Offset} {record.KeyText}: {record.ValueText}");
    }
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    Console.WriteLine("stopped");
}
catch (BrokerException e)
{
    // One sentence that says what to do, such as: There is no topic "orders". Topics are not created by accident: …
    await Console.Error.WriteLineAsync(e.Message);
    return 1;
}

return 0;
