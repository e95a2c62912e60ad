namespace Broker.EndToEnd.Harness;

/// <summary>A test that tampers with system calls: skipped, with the reason, where that is not possible.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class StraceFactAttribute : FactAttribute
{
    public StraceFactAttribute() => Skip = Strace.Unavailable;
}
