namespace Broker.EndToEnd.Languages;

/// <summary>A test of the Python example: skipped, with the reason, where what that needs is not installed.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class PythonFactAttribute : FactAttribute
{
    public PythonFactAttribute() => Skip = PythonExample.Unavailable;
}
