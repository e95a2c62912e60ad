using System.Collections;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Broker.Server.Configuration;

/// <summary>Reads the three sources of settings. Keys come out dotted and in the spelling of the catalog.</summary>
internal static class SettingSources
{
    public const string EnvironmentPrefix = "BROKER__";

    /// <summary>The file that is read when --config names none; it may be absent.</summary>
    public const string DefaultFileName = "broker.yaml";

    /// <param name="path">Absolute path of an existing file.</param>
    public static IReadOnlyList<RawSetting> FromYaml(string path)
    {
        var settings = new List<RawSetting>();
        try
        {
            using StreamReader reader = File.OpenText(path);
            var yaml = new YamlStream();
            yaml.Load(reader);
            foreach (YamlDocument document in yaml.Documents)
            {
                AddLeaves(document.RootNode, key: "", settings, path);
            }
        }
        catch (Exception e) when (e is YamlException or IOException or UnauthorizedAccessException)
        {
            string place = e is YamlException { Start: var start } ? $"{path}:{start.Line}" : path;
            throw new SettingsException([$"{place} cannot be read: {e.Message.ReplaceLineEndings(" ")}"]);
        }

        return settings;
    }

    public static IReadOnlyList<RawSetting> FromEnvironment(IDictionary environment)
    {
        var settings = new List<RawSetting>();
        foreach (DictionaryEntry entry in environment)
        {
            string name = (string)entry.Key;
            if (name.StartsWith(EnvironmentPrefix, StringComparison.OrdinalIgnoreCase))
            {
                settings.Add(new RawSetting(KeyOfVariable(name), (string?)entry.Value ?? "", $"environment variable {name}"));
            }
        }

        return settings;
    }

    /// <summary>--key=value or --key value; a flag may stand alone. Problems are added to <paramref name="problems"/>.</summary>
    public static IReadOnlyList<RawSetting> FromArguments(IReadOnlyList<string> args, List<string> problems, out string? configFile)
    {
        var settings = new List<RawSetting>();
        configFile = null;
        for (int i = 0; i < args.Count; i++)
        {
            string arg = args[i];
            if (!arg.StartsWith("--", StringComparison.Ordinal) || arg.Length == 2)
            {
                problems.Add($"Unexpected argument '{arg}': settings are given as --key=value.");
                continue;
            }

            int equals = arg.IndexOf('=', StringComparison.Ordinal);
            string key = equals < 0 ? arg[2..] : arg[2..equals];
            bool hasNext = i + 1 < args.Count && !args[i + 1].StartsWith("--", StringComparison.Ordinal);
            string? text = equals >= 0 ? arg[(equals + 1)..] : hasNext ? args[++i] : null;
            text ??= SettingCatalog.Find(key)?.Kind is SettingKind.Flag ? "true" : null;
            if (key == "config" && text is { Length: > 0 })
            {
                configFile = text;
            }
            else if (text is null && (key == "config" || SettingCatalog.Find(key) is not null))
            {
                problems.Add($"--{key} has no value: write --{key}=VALUE.");
            }
            else
            {
                settings.Add(new RawSetting(key, text ?? "", $"--{key}"));
            }
        }

        return settings;
    }

    public static string KeyOfVariable(string name) =>
        name[EnvironmentPrefix.Length..].Replace("__", ".", StringComparison.Ordinal).ToLowerInvariant();

    public static string VariableOf(string key) =>
        EnvironmentPrefix + key.Replace(".", "__", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>Sections become dotted keys; a list is no setting, so its items end as unknown keys with a number.</summary>
    private static void AddLeaves(YamlNode node, string key, List<RawSetting> settings, string path)
    {
        string prefix = key.Length == 0 ? "" : key + ".";
        switch (node)
        {
            case YamlMappingNode mapping:
                foreach ((YamlNode name, YamlNode value) in mapping.Children)
                {
                    AddLeaves(value, prefix + name, settings, path);
                }

                break;
            case YamlSequenceNode sequence:
                for (int i = 0; i < sequence.Children.Count; i++)
                {
                    AddLeaves(sequence.Children[i], prefix + i, settings, path);
                }

                break;
            // An empty document is one empty scalar.
            case YamlScalarNode scalar when key.Length > 0 || scalar.Value is { Length: > 0 }:
                settings.Add(new RawSetting(key, scalar.Value ?? "", $"{path}:{scalar.Start.Line}"));
                break;
        }
    }
}
