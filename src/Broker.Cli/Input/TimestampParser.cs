using System.Globalization;

namespace Broker.Cli.Input;

/// <summary>Turns the text of a record's timestamp field into milliseconds since 1970 UTC.</summary>
internal sealed class TimestampParser
{
    private const long MillisecondsMin = -62_135_596_800_000, MillisecondsMax = 253_402_300_799_999;

    private readonly string? _format;
    private readonly TimeZoneInfo? _zone;

    /// <param name="format">
    /// .NET's custom format, such as "yyyy/MM/dd HH:mm"; null for ISO 8601 text and numbers of milliseconds since 1970.
    /// </param>
    /// <param name="zone">The zone of texts that name no offset; null for UTC.</param>
    public TimestampParser(string? format, TimeZoneInfo? zone)
    {
        _format = format;
        _zone = zone;
    }

    /// <summary>What a good text looks like, for messages.</summary>
    public string Expected => _format is null
        ? "expected ISO 8601 such as 2001-02-01T13:30:00Z, or milliseconds since 1970; see --timestamp-format"
        : $"expected the format '{_format}'";

    /// <returns>Null, or what is wrong with the text, as a clause.</returns>
    public string? TryParse(ReadOnlySpan<char> text, bool isNumber, out long milliseconds)
    {
        milliseconds = 0;
        if (_format is null)
        {
            if (isNumber || IsDigits(text))
            {
                return TryParseNumber(text, out milliseconds)
                    ? null
                    : "is not a number of milliseconds between the years 1 and 9999";
            }

            if (_zone is null)
            {
                return IsoTimestamp.TryParse(text, out milliseconds) ? null : Unparsable();
            }
        }

        return TryParseInZone(text, out milliseconds);
    }

    private static bool IsDigits(ReadOnlySpan<char> text) =>
        !text.IsEmpty && text.TrimStart('-').IndexOfAnyExceptInRange('0', '9') < 0;

    private static bool TryParseNumber(ReadOnlySpan<char> text, out long milliseconds)
    {
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out milliseconds))
        {
            // 1517365101235.75 or 1.5e12: rounded down, as all timestamps here.
            if (!decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out decimal number)
                || number is < MillisecondsMin or > MillisecondsMax)
            {
                return false;
            }

            milliseconds = (long)Math.Floor(number);
        }

        return milliseconds is >= MillisecondsMin and <= MillisecondsMax;
    }

    private string Unparsable() => $"is not a timestamp ({Expected})";

    private string? TryParseInZone(ReadOnlySpan<char> text, out long milliseconds)
    {
        milliseconds = 0;
        if (_format is null)
        {
            if (!IsoTimestamp.TryParseLocal(text, out DateTime isoTime))
            {
                return Unparsable();
            }

            return ToMilliseconds(isoTime, out milliseconds);
        }

        // RoundtripKind: the result says by its kind whether the text itself named an offset.
        const DateTimeStyles Styles = DateTimeStyles.RoundtripKind;
        return DateTime.TryParseExact(text, _format, CultureInfo.InvariantCulture, Styles, out DateTime time)
            ? ToMilliseconds(time, out milliseconds)
            : Unparsable();
    }

    private string? ToMilliseconds(DateTime time, out long milliseconds)
    {
        milliseconds = 0;
        if (time.Kind == DateTimeKind.Unspecified && _zone is not null)
        {
            if (_zone.IsInvalidTime(time))
            {
                return $"does not exist in {_zone.Id}: the clocks were put forward then";
            }

            // An hour that happens twice is taken as the second one, standard time, as .NET does.
            time = TimeZoneInfo.ConvertTimeToUtc(time, _zone);
        }

        DateTime utc = time.Kind == DateTimeKind.Local ? time.ToUniversalTime() : DateTime.SpecifyKind(time, DateTimeKind.Utc);
        milliseconds = new DateTimeOffset(utc).ToUnixTimeMilliseconds();
        return null;
    }
}
