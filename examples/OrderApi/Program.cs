// Takes orders over HTTP and answers when they are on disk:  dotnet run --project examples/OrderApi -- --Broker:Server=127.0.0.1:9095
using System.Text.Json;
using Broker.Client;
using OrderApi;

WebApplicationBuilder builder = WebApplication.CreateBuilder(args);
builder.Services.AddBrokerClient(options => options.Server = builder.Configuration["Broker:Server"] ?? options.Server);
// One producer for all requests: orders that come at the same time share a batch and a sync. A caller is not kept waiting for minutes.
builder.Services.AddSingleton(services => services.GetRequiredService<BrokerClient>()
    .CreateProducer(new ProducerOptions { DeliveryTimeout = TimeSpan.FromSeconds(5) }));
WebApplication app = builder.Build();

app.MapPost("/orders", async (Order order, Producer producer) =>
{
    try
    {
        RecordMetadata ack = await producer.SendAsync("orders", order.Customer, JsonSerializer.Serialize(order));
        return Results.Json(new Receipt(ack.Partition, ack.Offset), statusCode: StatusCodes.Status201Created);
    }
    catch (RetriableException e)
    {
        // Not acknowledged within the time. Unless e.IsDefinite it may be in the log all the same: the caller's order number tells.
        return Results.Problem(e.Message, statusCode: StatusCodes.Status503ServiceUnavailable);
    }
});

await app.Services.GetRequiredService<BrokerClient>().Admin.EnsureTopicAsync("orders", partitionCount: 4);
await app.RunAsync();
