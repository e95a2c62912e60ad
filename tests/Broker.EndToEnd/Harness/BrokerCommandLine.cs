using System.Diagnostics;

namespace Broker.EndToEnd.Harness;

/// <summary>How the broker command is started as a process of its own.</summary>
internal static class BrokerCommandLine
{
    /// <summary>The command's assembly, copied beside this one by the build, unless another one, or an executable, is named.</summary>
    public static string Assembly { get; set; } = Path.Combine(AppContext.BaseDirectory, "broker.dll");

    /// <summary>What runs assemblies and the commands of the SDK: the one that runs this.</summary>
    public static string Dotnet { get; } =
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? Environment.ProcessPath! : "dotnet";

    /// <summary>All three streams redirected; no setting of the caller's environment gets through.</summary>
    public static ProcessStartInfo StartInfo(params string[] arguments) => StartInfoOf(Assembly, arguments);

    /// <summary>The same for another assembly, or executable.</summary>
    public static ProcessStartInfo StartInfoOf(string assembly, params string[] arguments)
    {
        bool isAssembly = Path.GetExtension(assembly) == ".dll";
        var info = new ProcessStartInfo(isAssembly ? Dotnet : assembly)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (isAssembly)
        {
            info.ArgumentList.Add(assembly);
        }

        foreach (string argument in arguments)
        {
            info.ArgumentList.Add(argument);
        }

        foreach (string name in info.Environment.Keys.Where(key => key.StartsWith("BROKER_", StringComparison.Ordinal)).ToArray())
        {
            info.Environment.Remove(name);
        }

        return info;
    }
}
