using Broker.Client;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

public static class BrokerClientServiceCollectionExtensions
{
    /// <summary>
    /// Registers one <see cref="BrokerClient"/>. Its options are validated when the host starts; logger and time come from
    /// the container.
    /// </summary>
    public static IServiceCollection AddBrokerClient(
        this IServiceCollection services,
        Action<BrokerClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        Configure(services, Options.Options.DefaultName, configure);
        services.TryAddSingleton(provider => Create(provider, Options.Options.DefaultName));
        return services;
    }

    /// <summary>Registers a further client under a key, with options of the same name.</summary>
    public static IServiceCollection AddKeyedBrokerClient(
        this IServiceCollection services,
        string key,
        Action<BrokerClientOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(key);
        Configure(services, key, configure);
        services.TryAddKeyedSingleton(key, (provider, _) => Create(provider, key));
        return services;
    }

    private static void Configure(IServiceCollection services, string name, Action<BrokerClientOptions>? configure)
    {
        OptionsBuilder<BrokerClientOptions> options = services.AddOptions<BrokerClientOptions>(name);
        options.Configure<IServiceProvider>((client, provider) =>
        {
            client.LoggerFactory = provider.GetService<ILoggerFactory>() ?? client.LoggerFactory;
            client.TimeProvider = provider.GetService<TimeProvider>() ?? client.TimeProvider;
        });
        if (configure is not null)
        {
            options.Configure(configure);
        }

        services.AddSingleton<IValidateOptions<BrokerClientOptions>>(new BrokerClientOptionsValidator(name));
        options.ValidateOnStart();
    }

    private static BrokerClient Create(IServiceProvider provider, string name)
    {
        return new BrokerClient(provider.GetRequiredService<IOptionsMonitor<BrokerClientOptions>>().Get(name));
    }

    private sealed class BrokerClientOptionsValidator(string name) : IValidateOptions<BrokerClientOptions>
    {
        public ValidateOptionsResult Validate(string? candidate, BrokerClientOptions options)
        {
            if (candidate != name)
            {
                return ValidateOptionsResult.Skip;
            }

            string[] problems = [.. options.Problems()];
            return problems.Length == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(problems);
        }
    }
}
