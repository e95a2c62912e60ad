#if BROKER_MUTANTS
namespace Broker.Records;

/// <summary>
/// Bugs sown on purpose, one of which is alive in a process: tests/mutants shows that the fault tests find each of them.
/// Exists only in builds made with <c>-p:BrokerMutants=true</c>; a test holds that no other build has it.
/// </summary>
internal static class Mutant
{
    /// <summary>Names the living mutant; the name stands at the place of the bug.</summary>
    public const string Variable = "MUTANT";

    private static readonly string? Living = Environment.GetEnvironmentVariable(Variable);

    public static bool Is(string name) => Living == name;
}
#endif
