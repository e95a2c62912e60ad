using System.Globalization;
using Broker.Engine;
using Broker.Engine.Text;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Broker.Server.Hosting;

/// <summary>Whether the broker works (live) and whether it serves calls (ready).</summary>
internal sealed class BrokerHealth(BrokerEngine engine) : IHealthCheck
{
    private static readonly TimeSpan SlowSync = TimeSpan.FromSeconds(1);

    public const string LiveTag = "live", ReadyTag = "ready";

    /// <summary>Set between the end of the start and the beginning of the stop.</summary>
    public bool IsServing { get; set; }

    /// <summary>Null when alive, else why not.</summary>
    public string? WhyNotLive() => engine.Progress.Failure is { } failure ? $"the journal has failed: {failure.Message}" : null;

    /// <summary>What is wrong though the broker serves.</summary>
    public IReadOnlyList<string> Problems()
    {
        EngineStatus status = engine.Status;
        var wrong = new List<string>();
        if (!status.AcceptsWrites)
        {
            wrong.Add($"writes are refused: {UnitText.Megabytes(status.DiskFreeBytes)} are free on the disk, {UnitText.Megabytes(status.DiskNeededBytes)} are needed");
        }

        if (status.SyncTime > SlowSync)
        {
            string seconds = status.SyncTime.TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
            wrong.Add($"the disk is slow: acks wait for a sync of the journal that takes {seconds} s");
        }

        string[] quarantined =
            [.. engine.Topics.SelectMany(t => t.Partitions).Where(p => p.IsQuarantined).Select(p => $"{p.TopicName}/{p.Partition}")];
        if (quarantined.Length > 0)
        {
            wrong.Add($"quarantined: {string.Join(", ", quarantined)}");
        }

        return wrong;
    }

    /// <summary>Null when ready, else why not.</summary>
    public string? WhyNotReady() => WhyNotLive() ?? (IsServing ? null : "starting or stopping");

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        string? why = context.Registration.Tags.Contains(LiveTag) ? WhyNotLive() : WhyNotReady();
        return Task.FromResult(why is null ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy(why));
    }
}
