namespace Broker.EndToEnd.Harness;

/// <summary>A test that cuts the power of a disk: skipped, with the reason, where that is not possible.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PowerCutFactAttribute : FactAttribute
{
    public PowerCutFactAttribute() => Skip = PowerCutDisk.Unavailable;
}
