using System.Collections;
using System.Net;
using Broker.Engine.Text;

namespace Broker.Server.Configuration;

/// <summary>What the broker runs with: defaults, then broker.yaml, then BROKER__ variables, then the command line.</summary>
/// <remarks>Immutable. <see cref="SettingCatalog"/> defines keys, defaults and ranges.</remarks>
internal sealed class BrokerSettings
{
    private readonly Dictionary<string, object> _values;

    private BrokerSettings(Dictionary<string, object> values) => _values = values;

    /// <summary>Reads all sources as the process has them.</summary>
    /// <param name="args">--key=value…, and --config=FILE.</param>
    /// <exception cref="SettingsException">A key is unknown or a value not allowed.</exception>
    public static BrokerSettings Load(IReadOnlyList<string> args) =>
        Load(args, Environment.GetEnvironmentVariables(), Environment.CurrentDirectory);

    /// <param name="directory">Where broker.yaml is looked for when --config names no file.</param>
    public static BrokerSettings Load(IReadOnlyList<string> args, IDictionary environment, string directory)
    {
        var problems = new List<string>();
        IReadOnlyList<RawSetting> fromArguments = SettingSources.FromArguments(args, problems, out string? configFile);
        IEnumerable<RawSetting> given =
        [
            .. FromFile(configFile, directory, problems),
            .. SettingSources.FromEnvironment(environment),
            .. fromArguments,
        ];

        return Of(given, problems);
    }

    /// <summary>These alone, whatever the process has; of two with the same key the later one.</summary>
    /// <exception cref="SettingsException">A key is unknown or a value not allowed.</exception>
    public static BrokerSettings Of(IEnumerable<RawSetting> given) => Of(given, []);

    /// <summary>Where a client on this machine reaches a broker that is started with this environment.</summary>
    /// <returns>Null when the environment does not say.</returns>
    public static IPEndPoint? ClientEndPoint(Func<string, string?> environmentVariable)
    {
        string? text = environmentVariable(SettingSources.VariableOf("grpc.listen"));
        if (text is null || !SettingText.TryParseEndPoint(text, out IPEndPoint? listen) || listen.Port == 0)
        {
            return null;
        }

        bool isEverywhere = listen.Address.Equals(IPAddress.Any) || listen.Address.Equals(IPAddress.IPv6Any);
        return isEverywhere ? new IPEndPoint(IPAddress.Loopback, listen.Port) : listen;
    }

    public string DataDirectory => Text("data_dir");

    public IPEndPoint GrpcListen => (IPEndPoint)_values["grpc.listen"];

    public IPEndPoint HttpListen => (IPEndPoint)_values["http.listen"];

    public bool IsInsecureAllowed => (bool)_values["security.insecure"];

    internal bool IsListeningBeyondLoopback =>
        !IPAddress.IsLoopback(GrpcListen.Address) || !IPAddress.IsLoopback(HttpListen.Address);

    internal bool IsReflectionOn => Text("grpc.reflection") switch
    {
        "on" => true,
        "off" => false,
        _ => !IsListeningBeyondLoopback,
    };

    internal string Text(string key) => (string)_values[key];

    internal long Number(string key) => (long)_values[key];

    internal int Int32(string key) => checked((int)Number(key));

    internal TimeSpan Duration(string key) => TimeSpan.FromMilliseconds(Number(key));

    private static BrokerSettings Of(IEnumerable<RawSetting> given, List<string> problems)
    {
        Dictionary<string, object> values = Defaults();
        foreach (RawSetting setting in given)
        {
            Take(setting, values, problems);
        }

        var settings = new BrokerSettings(values);
        settings.CheckTogether(problems);
        return problems.Count == 0 ? settings : throw new SettingsException(problems);
    }

    private static Dictionary<string, object> Defaults()
    {
        var values = new Dictionary<string, object>(StringComparer.Ordinal);
        foreach (SettingDefinition definition in SettingCatalog.All)
        {
            values[definition.Key] = definition.TryParse(definition.Default, out object? value, out string? problem)
                ? value
                : throw new InvalidOperationException($"The default of {definition.Key} is not allowed: {problem}.");
        }

        return values;
    }

    private static IReadOnlyList<RawSetting> FromFile(string? configFile, string directory, List<string> problems)
    {
        string path = Path.GetFullPath(configFile ?? SettingSources.DefaultFileName, directory);
        if (File.Exists(path))
        {
            return SettingSources.FromYaml(path);
        }

        if (configFile is not null)
        {
            problems.Add($"The file named by --config does not exist: {path}.");
        }

        return [];
    }

    private static void Take(RawSetting setting, Dictionary<string, object> values, List<string> problems)
    {
        if (SettingCatalog.Find(setting.Key) is not { } definition)
        {
            string hint = SettingCatalog.Nearest(setting.Key) is { } nearest
                ? $"did you mean '{nearest}'?"
                : "docs/operations.md lists all settings.";
            problems.Add($"Unknown setting '{setting.Key}' ({setting.Origin}): {hint}");
        }
        else if (definition.TryParse(setting.Text, out object? value, out string? problem))
        {
            values[setting.Key] = value;
        }
        else
        {
            problems.Add($"Setting '{setting.Key}' has the value '{setting.Text}' ({setting.Origin}), but {problem}.");
        }
    }

    private void CheckTogether(List<string> problems)
    {
        AtMost("limits.record_bytes", "limits.batch_bytes", 1);
        AtMost("limits.batch_bytes", "limits.message_bytes", 1);
        AtMost("limits.message_bytes", "limits.produce_bytes_in_flight_per_connection", 1);
        AtMost("limits.produce_bytes_in_flight_per_connection", "limits.produce_bytes_in_flight", 1);
        // One file is being written while another one is being freed.
        AtMost("journal.file_bytes", "journal.replay_bytes_max", 2);

        void AtMost(string lower, string upper, int factor)
        {
            if (Number(lower) * factor > Number(upper))
            {
                string times = factor == 1 ? "" : $"{factor} times ";
                problems.Add($"Setting '{upper}' is {UnitText.FormatBytes(Number(upper))}, but it must be at least "
                    + $"{times}'{lower}', which is {UnitText.FormatBytes(Number(lower))}.");
            }
        }
    }
}
