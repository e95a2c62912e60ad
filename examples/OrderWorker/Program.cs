// A service that handles each order:  dotnet run --project examples/OrderWorker -- --Broker:Server=127.0.0.1:9095
using OrderWorker;

HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Services.AddBrokerClient(options =>
{
    options.Server = builder.Configuration["Broker:Server"] ?? options.Server;
    // The worker and its broker may be started together.
    options.FirstContactTimeout = TimeSpan.FromSeconds(30);
});
builder.Services.AddSingleton(new Positions(builder.Configuration["Positions"] ?? "positions"));
builder.Services.AddHostedService<OrderService>();
await builder.Build().RunAsync();
