using System.Buffers;

namespace Broker.Engine.Topics;

/// <summary>Kafka's rule for topic names. Names never become paths: on disk a topic is its id.</summary>
internal static class TopicName
{
    public const int LengthMax = 249;

    private static readonly SearchValues<char> Allowed =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-");

    /// <exception cref="BrokerException">InvalidTopicName, saying what is wrong.</exception>
    public static void Check(string name)
    {
        string? wrong = name switch
        {
            "" => "it is empty",
            "." or ".." => "it is a path",
            { Length: > LengthMax } => $"it has {name.Length} characters, {LengthMax} are allowed",
            _ when name.AsSpan().IndexOfAnyExcept(Allowed) is var at and >= 0 => $"character {at + 1} is {Show(name[at])}",
            _ => null,
        };
        if (wrong is not null)
        {
            string shown = name.Length > 40 ? name[..40] + "…" : name;
            throw new BrokerException(
                BrokerError.InvalidTopicName,
                $"\"{Printable(shown)}\" is no topic name: {wrong}. A name has 1 to {LengthMax} of a-z A-Z 0-9 . _ -",
                new Dictionary<string, string> { ["length"] = name.Length.ToString(), ["limit"] = LengthMax.ToString() });
        }
    }

    private static string Show(char c) => char.IsControl(c) || char.IsSurrogate(c) ? $"U+{(int)c:X4}" : $"\"{c}\"";

    private static string Printable(string name) => string.Concat(name.Select(c => char.IsControl(c) ? '?' : c));
}
