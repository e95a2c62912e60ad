using System.Buffers;

namespace Broker.Engine.Topics;

/// <summary>Kafka's rule for topic names. Names never become paths: on disk a topic is its id.</summary>
internal static class TopicName
{
    public const int LengthMax = 249;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    public static string Rule { get; } = $"A name has 1 to {LengthMax} of a-z A-Z 0-9 . _ -";

    /// <exception cref="BrokerException">InvalidTopicName, saying what is wrong.</exception>
    public static void Check(string name)
    {
        if (WhatIsWrong(name) is { } wrong)
        {
            throw new BrokerException(
                BrokerError.InvalidTopicName, $"{Quoted(name)} is no topic name: {wrong}. {Rule}",
                new Dictionary<string, string> { ["length"] = name.Length.ToString(), ["limit"] = LengthMax.ToString() });
        }
    }

    /// <summary>The same rule for what is no topic.</summary>
    /// <param name="what">Such as "producer".</param>
    /// <exception cref="BrokerException">InvalidRequest, saying what is wrong.</exception>
    public static void CheckFor(string what, string name)
    {
        if (WhatIsWrong(name) is { } wrong)
        {
            throw new BrokerException(
                BrokerError.InvalidRequest, $"{Quoted(name)} is no name for a {what}: {wrong}. {Rule}",
                new Dictionary<string, string> { ["length"] = name.Length.ToString(), ["limit"] = LengthMax.ToString() });
        }
    }

    /// <summary>Null for a good name.</summary>
    public static string? WhatIsWrong(string name)
    {
        return name switch
        {
            "" => "it is empty",
            "." or ".." => "it is a path",
            { Length: > LengthMax } => $"it has {name.Length} characters, {LengthMax} are allowed",
            _ when name.AsSpan().IndexOfAnyExcept(Allowed) is var at and >= 0 => $"character {at + 1} is {Show(name[at])}",
            _ => null,
        };
    }

    /// <summary>As it may stand in a message, whatever is in it.</summary>
    public static string Quoted(string name) => $"\"{Printable(name.Length > 40 ? name[..40] + "…" : name)}\"";

    private static string Show(char c) => char.IsControl(c) || char.IsSurrogate(c) ? $"U+{(int)c:X4}" : $"\"{c}\"";

    private static string Printable(string name) => string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));
}
