using Broker.Client;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Contract;

/// <summary>The broker command in a process of its own; killing it is SIGKILL.</summary>
public sealed class ProcessContractBroker : IContractBroker
{
    private readonly BrokerProcess _broker =
        BrokerProcess.Temporary([.. IContractBroker.Settings.Select(setting => $"--{setting.Key}={setting.Value}"), "--storage.reserve_bytes=0"]);

    public Task InitializeAsync() => _broker.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    public BrokerClient CreateClient() => new(_broker.Server);

    public async Task RestartAsync()
    {
        Assert.Equal(0, await _broker.StopAsync());
        await _broker.StartAsync();
    }

    public async Task KillAsync()
    {
        await _broker.KillAsync();
        await _broker.StartAsync();
    }

    public Task PassTimeAsync(TimeSpan time) => Task.Delay(time);
}
