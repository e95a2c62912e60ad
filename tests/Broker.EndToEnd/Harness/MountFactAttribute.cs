namespace Broker.EndToEnd.Harness;

/// <summary>A test that mounts file systems of the kinds that containers have: skipped, with the reason, where that is not possible.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class MountFactAttribute : FactAttribute
{
    private static readonly Lazy<string?> Unavailability = new(Probe);

    public MountFactAttribute() => Skip = Unavailability.Value;

    private static string? Probe()
    {
        if (!Environment.IsPrivilegedProcess)
        {
            return "mounting an overlay needs root";
        }

        try
        {
            using var overlay = MountedDirectory.Overlay();
            return null;
        }
        catch (InvalidOperationException e)
        {
            return $"no overlay can be mounted here: {e.Message}";
        }
    }
}
