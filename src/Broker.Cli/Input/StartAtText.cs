using System.Globalization;
using Broker.Client;

namespace Broker.Cli.Input;

/// <summary>Where to begin: earliest, latest, an offset, or a time.</summary>
internal static class StartAtText
{
    public const string Help =
        "earliest, latest, an offset, a time such as 2001-02-01T00:00:00Z, or @ and milliseconds since 1970";

    public static bool TryParse(string text, out StartAt start)
    {
        start = StartAt.Earliest;
        if (text is "earliest" or "latest")
        {
            start = text == "earliest" ? StartAt.Earliest : StartAt.Latest;
            return true;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long offset))
        {
            start = StartAt.Offset(offset);
            return true;
        }

        if (text.StartsWith('@')
            && new TimestampParser(null, null).TryParse(text.AsSpan(1), isNumber: true, out long epochMs) is null)
        {
            start = StartAt.Timestamp(DateTimeOffset.FromUnixTimeMilliseconds(epochMs));
            return true;
        }

        bool isTime = IsoTimestamp.TryParse(text, out long milliseconds);
        start = isTime ? StartAt.Timestamp(DateTimeOffset.FromUnixTimeMilliseconds(milliseconds)) : start;
        return isTime;
    }
}
