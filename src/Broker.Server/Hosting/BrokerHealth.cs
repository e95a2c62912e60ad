using Broker.Engine;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Broker.Server.Hosting;

/// <summary>Whether the broker works (live) and whether it serves calls (ready).</summary>
internal sealed class BrokerHealth(BrokerEngine engine) : IHealthCheck
{
    public const string LiveTag = "live", ReadyTag = "ready";

    /// <summary>Set between the end of the start and the beginning of the stop.</summary>
    public bool IsServing { get; set; }

    /// <summary>Null when alive, else why not.</summary>
    public string? WhyNotLive() => engine.Progress.Failure is { } failure ? $"the journal has failed: {failure.Message}" : null;

    /// <summary>What is wrong though the broker serves; null when nothing is.</summary>
    public string? WhyDegraded()
    {
        string[] quarantined =
            [.. engine.Topics.SelectMany(t => t.Partitions).Where(p => p.IsQuarantined).Select(p => $"{p.TopicName}/{p.Partition}")];
        return quarantined.Length == 0 ? null : $"quarantined: {string.Join(", ", quarantined)}";
    }

    /// <summary>Null when ready, else why not.</summary>
    public string? WhyNotReady() => WhyNotLive() ?? (IsServing ? null : "starting or stopping");

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        string? why = context.Registration.Tags.Contains(LiveTag) ? WhyNotLive() : WhyNotReady();
        return Task.FromResult(why is null ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(why));
    }
}
