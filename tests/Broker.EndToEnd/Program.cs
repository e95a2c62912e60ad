namespace Broker.EndToEnd;

/// <summary>The fault runs by hand; tests/faults calls it.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => FaultsCommand.Build().Parse(args).InvokeAsync();
}
