namespace Broker.EndToEnd.Harness;

/// <summary>A test that cuts the power of a disk: skipped, with the reason, where that is not possible.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PowerCutFactAttribute : FactAttribute
{
    private readonly bool _needsStrace;

    public PowerCutFactAttribute() => Skip = PowerCutDisk.Unavailable;

    public bool NeedsStrace
    {
        get => _needsStrace;
        init
        {
            _needsStrace = value;
            Skip ??= value ? Strace.Unavailable : null;
        }
    }
}
