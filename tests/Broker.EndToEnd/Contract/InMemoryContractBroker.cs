using Broker.Client;
using Broker.Client.Testing;

namespace Broker.EndToEnd.Contract;

/// <summary>The broker in memory; killing it cuts its power.</summary>
public sealed class InMemoryContractBroker : IContractBroker
{
    private InMemoryBroker _broker = null!;

    public async Task InitializeAsync()
    {
        var options = new InMemoryBrokerOptions();
        foreach ((string key, string value) in IContractBroker.Settings)
        {
            options.Settings[key] = value;
        }

        _broker = await InMemoryBroker.StartAsync(options);
    }

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    public BrokerClient CreateClient() => _broker.CreateClient();

    public Task RestartAsync() => _broker.RestartAsync();

    public Task KillAsync() => _broker.CrashAsync();

    public Task PassTimeAsync(TimeSpan time)
    {
        _broker.Time.Advance(time);
        return Task.CompletedTask;
    }
}
