using System.CommandLine;

namespace Broker.EndToEnd;

/// <summary>The fault runs by hand; tests/faults calls it.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        ParseResult parsed = FaultsCommand.Build().Parse(args);
        int code = await parsed.InvokeAsync();
        return parsed.Errors.Count > 0 ? FaultsCommand.NotPossible : code;
    }
}
