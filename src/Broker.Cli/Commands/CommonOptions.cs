using System.CommandLine;
using System.CommandLine.Parsing;
using Broker.Cli.Input;
using Broker.Cli.Terminal;
using Broker.Client;
using Broker.Server.Configuration;

namespace Broker.Cli.Commands;

/// <summary>Options that several commands share, with messages that name the option and the text.</summary>
internal static class CommonOptions
{
    public const string ServerVariable = "BROKER_SERVER";

    public static Option<string> Server(CliHost host)
    {
        // In a broker's own environment, such as its container, commands go to that one.
        string fallback = host.EnvironmentVariable(ServerVariable) is { Length: > 0 } named
            ? named
            : BrokerSettings.ClientEndPoint(host.EnvironmentVariable)?.ToString() ?? CliHost.DefaultServer;
        return new Option<string>("--server")
        {
            Description = $"Address of the broker; {ServerVariable} sets it too",
            HelpName = "HOST:PORT",
            DefaultValueFactory = _ => fallback,
        };
    }

    public static Option<string> Output(string people = "text")
    {
        var option = new Option<string>("--output", "-o")
        {
            Description = people == "text" ? "For people (text) or for programs (json)" : "What to print of each record",
            HelpName = $"{people}|json",
            DefaultValueFactory = _ => people,
            CustomParser = result => OneOf(result, "--output", people, "json"),
        };
        option.CompletionSources.Add(people, "json");
        return option;
    }

    public static Option<string?> Choice(string name, string description, params string[] choices)
    {
        var option = new Option<string?>(name)
        {
            Description = description,
            HelpName = string.Join('|', choices),
            CustomParser = result => OneOf(result, name, choices),
        };
        option.CompletionSources.Add(choices);
        return option;
    }

    public static Option<int?> Number(string name, string description, string helpName, int min) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result => (int?)WholeNumber(result, name, min, int.MaxValue),
    };

    public static Option<long?> LongNumber(string name, string description, string helpName, long min) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result => WholeNumber(result, name, min, long.MaxValue),
    };

    /// <summary>An option that may be given several times, as name=value.</summary>
    public static Option<List<KeyValuePair<string, string>>> Pairs(string name, string description, bool mayRepeat) => new(name)
    {
        Description = description,
        HelpName = "NAME=VALUE",
        Arity = ArgumentArity.OneOrMore,
        DefaultValueFactory = _ => [],
        CustomParser = result => ParsePairs(result, name, mayRepeat),
    };

    public static Option<bool> Yes() => new("--yes", "-y") { Description = "Do not ask" };

    public static Argument<string> TopicName() => new("TOPIC") { Description = "Name of the topic" };

    public static Argument<string> DataDirectory() => new("DIR")
    {
        Description = "The data directory (data_dir) of a stopped broker",
    };

    public static Option<StartAt> Position(string name, string description) => new(name)
    {
        Description = $"{description}: {StartAtText.Help}",
        HelpName = "WHERE",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (!StartAtText.TryParse(text, out StartAt position))
            {
                result.AddError($"{name} is {StartAtText.Help}, not '{text}'");
            }

            return position;
        },
    };

    private static string OneOf(ArgumentResult result, string option, params string[] choices)
    {
        string text = result.Tokens[0].Value;
        if (!choices.Contains(text, StringComparer.Ordinal))
        {
            result.AddError($"{option} is {string.Join(" or ", choices)}, not '{text}'");
        }

        return text;
    }

    private static long? WholeNumber(ArgumentResult result, string option, long min, long max)
    {
        string text = result.Tokens[0].Value;
        if (!long.TryParse(text, out long number) || number < min || number > max)
        {
            result.AddError($"{option} is a whole number from {min}, not '{text}'");
            return null;
        }

        return number;
    }

    private static List<KeyValuePair<string, string>> ParsePairs(ArgumentResult result, string option, bool mayRepeat)
    {
        var pairs = new List<KeyValuePair<string, string>>();
        foreach (Token token in result.Tokens)
        {
            if (KeyValueText.TryParse(token.Value, out KeyValuePair<string, string> pair) is { } problem)
            {
                result.AddError($"{option}: {problem}");
            }
            else if (!mayRepeat && pairs.Exists(earlier => earlier.Key == pair.Key))
            {
                result.AddError($"{option}: '{pair.Key}' is given twice");
            }

            pairs.Add(pair);
        }

        return pairs;
    }
}
