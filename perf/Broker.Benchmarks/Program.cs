using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Running;

namespace Broker.Benchmarks;

/// <summary>What perf/benchmarks runs.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        IConfig config = DefaultConfig.Instance.AddDiagnoser(MemoryDiagnoser.Default).WithOptions(ConfigOptions.JoinSummary);
        // In this process: nothing is generated and built besides, which on two cores takes longer than measuring.
        var summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(["--inProcess", .. args], config).ToList();
        bool isList = args.Contains("--list") || args.Contains("--help");
        return isList || (summaries.Count > 0 && summaries.TrueForAll(summary => !summary.HasCriticalValidationErrors && summary.Reports.All(report => report.Success))) ? 0 : 1;
    }
}
