using System.Diagnostics.CodeAnalysis;
using Broker.Engine.Text;

namespace Broker.Server.Configuration;

/// <summary>One setting: its key, its default as a person would write it, and which values are allowed.</summary>
/// <remarks>Immutable. For bytes, durations (milliseconds) and counts <see cref="Min"/> and <see cref="Max"/> bound the number.</remarks>
internal sealed record SettingDefinition(string Key, SettingKind Kind, string Default)
{
    public long Min { get; init; }

    public long Max { get; init; } = long.MaxValue;

    /// <summary>−1 stands for "no limit" beside the range.</summary>
    public bool AllowsUnlimited { get; init; }

    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>Reads <paramref name="text"/>; on failure <paramref name="problem"/> says what is allowed.</summary>
    /// <param name="value">A string, <see cref="System.Net.IPEndPoint"/>, long (bytes, milliseconds, counts) or bool.</param>
    public bool TryParse(string text, [NotNullWhen(true)] out object? value, [NotNullWhen(false)] out string? problem)
    {
        value = Kind switch
        {
            SettingKind.Text => text.Length > 0 ? text : null,
            SettingKind.EndPoint => SettingText.TryParseEndPoint(text, out var endPoint) ? endPoint : null,
            SettingKind.Bytes => UnitText.TryParseBytes(text, out long bytes) ? Bounded(bytes) : null,
            SettingKind.Duration => UnitText.TryParseMilliseconds(text, out long ms) ? Bounded(ms) : null,
            SettingKind.Count => SettingText.TryParseCount(text, out long count) ? Bounded(count) : null,
            SettingKind.Flag => bool.TryParse(text, out bool flag) ? flag : null,
            SettingKind.Choice => Choices.FirstOrDefault(c => c.Equals(text, StringComparison.OrdinalIgnoreCase)),
            _ => throw new InvalidOperationException($"no parser for {Kind}"),
        };
        problem = value is null ? $"{Allowed()} is allowed" : null;
        return value is not null;
    }

    /// <summary>The allowed values in words, such as "1MiB to 4GiB".</summary>
    public string Allowed() => Kind switch
    {
        SettingKind.Text => "any text that is not empty",
        SettingKind.EndPoint => "ADDRESS:PORT, such as 127.0.0.1:9095 or [::1]:9095,",
        SettingKind.Bytes => Range(UnitText.FormatBytes),
        SettingKind.Duration => Range(UnitText.FormatMilliseconds),
        SettingKind.Count => Range(static n => n.ToString()),
        SettingKind.Flag => "true or false",
        SettingKind.Choice => string.Join(" or ", Choices),
        _ => throw new InvalidOperationException($"no words for {Kind}"),
    };

    private long? Bounded(long number) =>
        (number >= Min && number <= Max) || (AllowsUnlimited && number == -1) ? number : null;

    private string Range(Func<long, string> format)
    {
        string range = Max == long.MaxValue ? $"{format(Min)} or more" : $"{format(Min)} to {format(Max)}";
        return AllowsUnlimited ? $"{range}, or -1 for no limit," : range;
    }
}
