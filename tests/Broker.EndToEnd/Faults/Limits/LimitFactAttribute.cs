using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.Limits;

/// <summary>A test that lowers a limit of the broker's process: skipped, with the reason, where that is not possible.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LimitFactAttribute : FactAttribute
{
    public LimitFactAttribute() => Skip = SystemCommand.Exists("prlimit") ? null : "prlimit is not installed";
}
