using System.CommandLine;
using Broker.EndToEnd.Faults.Pipeline;

namespace Broker.EndToEnd;

/// <summary>The fault runs by hand, which tests/faults calls, and the workers that one of them starts.</summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        Command root = FaultsCommand.Build();
        root.Add(PipelineCommand.Build());
        ParseResult parsed = root.Parse(args);
        int code = await parsed.InvokeAsync();
        return parsed.Errors.Count > 0 ? FaultsCommand.NotPossible : code;
    }
}
