using System.Diagnostics;

namespace Broker.EndToEnd.Harness;

internal static class Seeds
{
    /// <summary>The seed that BROKER_TEST_SEED names, else a new one in each run. Whoever uses it prints it first.</summary>
    public static long Next() =>
        long.TryParse(Environment.GetEnvironmentVariable("BROKER_TEST_SEED"), out long seed) ? seed : Stopwatch.GetTimestamp() & int.MaxValue;
}
