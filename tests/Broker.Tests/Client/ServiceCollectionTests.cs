using Broker.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Broker.Tests.Client;

public class ServiceCollectionTests
{
    [Fact]
    public async Task One_client_is_registered_and_it_logs_where_the_application_logs()
    {
        using var loggers = new LoggerFactory();
        var services = new ServiceCollection();
        services.AddSingleton<ILoggerFactory>(loggers);
        services.AddBrokerClient(options => options.Server = "127.0.0.1:1");
        await using ServiceProvider provider = services.BuildServiceProvider();

        var client = provider.GetRequiredService<BrokerClient>();

        Assert.Same(client, provider.GetRequiredService<BrokerClient>());
        Assert.Same(loggers, provider.GetRequiredService<IOptions<BrokerClientOptions>>().Value.LoggerFactory);
    }

    [Fact]
    public async Task Clients_under_keys_have_options_of_their_own()
    {
        var services = new ServiceCollection();
        services.AddBrokerClient(options => options.Server = "127.0.0.1:1");
        services.AddKeyedBrokerClient("other", options => options.Server = "127.0.0.1:2");
        await using ServiceProvider provider = services.BuildServiceProvider();

        Assert.NotSame(provider.GetRequiredService<BrokerClient>(), provider.GetRequiredKeyedService<BrokerClient>("other"));
        Assert.Equal("127.0.0.1:2", provider.GetRequiredService<IOptionsMonitor<BrokerClientOptions>>().Get("other").Server);
    }

    [Fact]
    public async Task Options_that_cannot_work_are_refused_by_name()
    {
        var services = new ServiceCollection();
        services.AddBrokerClient(options => options.RequestTimeout = TimeSpan.Zero);
        await using ServiceProvider provider = services.BuildServiceProvider();

        OptionsValidationException refusal =
            Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<BrokerClient>());

        Assert.Contains("RequestTimeout", refusal.Message, StringComparison.Ordinal);
    }
}
