using System.Globalization;

namespace Broker.Cli.Input;

/// <summary>ISO 8601 dates and times, without guessing: year first, UTC unless the text names an offset.</summary>
internal static class IsoTimestamp
{
    private static readonly string[] Formats =
    [
        "yyyy-MM-dd",
        "yyyy-MM-dd'T'HH:mmK",
        "yyyy-MM-dd' 'HH:mmK",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK",
        "yyyy-MM-dd' 'HH:mm:ss.FFFFFFFK",
    ];

    /// <param name="text">Such as 2001-02-01, 2001-02-01T13:30 or 2001-02-01T13:30:05.250+01:00.</param>
    /// <param name="milliseconds">Since 1970 UTC, rounded down.</param>
    public static bool TryParse(ReadOnlySpan<char> text, out long milliseconds)
    {
        const DateTimeStyles Styles = DateTimeStyles.AssumeUniversal;
        bool parsed = DateTimeOffset.TryParseExact(
            text, Formats, CultureInfo.InvariantCulture, Styles, out DateTimeOffset moment);
        milliseconds = parsed ? moment.ToUnixTimeMilliseconds() : 0;
        return parsed;
    }

    /// <summary>As <see cref="TryParse"/>, but a text without an offset gives a time of unspecified kind.</summary>
    public static bool TryParseLocal(ReadOnlySpan<char> text, out DateTime time) =>
        DateTime.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out time);
}
