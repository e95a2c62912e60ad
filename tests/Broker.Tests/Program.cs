using Broker.Tests.Upgrade;

namespace Broker.Tests;

/// <summary>What is run by hand with the code of the tests: tests/golden calls it.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is ["golden", { } name])
        {
            await GoldenMaker.MakeAsync(GoldenDirectory.Folder, name);
            return 0;
        }

        await Console.Error.WriteLineAsync("Usage: tests/golden NAME");
        return 2;
    }
}
