using System.Globalization;

namespace Broker.Engine.Text;

/// <summary>Sizes and durations as people write them.</summary>
internal static class UnitText
{
    private static readonly (string Unit, long Factor)[] ByteUnits =
        [("GiB", 1L << 30), ("MiB", 1L << 20), ("KiB", 1L << 10), ("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000), ("B", 1)];

    // "ms" stands before "s": the longer unit must be tried first.
    private static readonly (string Unit, long Factor)[] TimeUnits =
        [("ms", 1), ("s", 1_000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];

    /// <summary>64MiB, 64 MiB, 67108864; −1 is read as it stands.</summary>
    public static bool TryParseBytes(string text, out long bytes) => TryParse(text, ByteUnits, out bytes);

    /// <summary>10s, 7d, 250ms; a bare number is milliseconds; −1 is read as it stands.</summary>
    public static bool TryParseMilliseconds(string text, out long milliseconds) => TryParse(text, TimeUnits, out milliseconds);

    /// <summary>Exactly, as it can be read again: 64MiB, 67108865.</summary>
    public static string FormatBytes(long bytes)
    {
        foreach ((string unit, long factor) in ByteUnits.AsSpan(0, 3))
        {
            if (bytes >= factor && bytes % factor == 0)
            {
                return $"{bytes / factor}{unit}";
            }
        }

        return bytes.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Exactly, as it can be read again: 7d, 1500ms.</summary>
    public static string FormatMilliseconds(long milliseconds)
    {
        foreach ((string unit, long factor) in Enumerable.Reverse(TimeUnits))
        {
            if (milliseconds >= factor && milliseconds % factor == 0)
            {
                return $"{milliseconds / factor}{unit}";
            }
        }

        return $"{milliseconds}ms";
    }

    /// <summary>For sentences that compare sizes: "1,073 MB", of 10^6 bytes as disks are sold, rounded down.</summary>
    public static string Megabytes(long bytes) => (bytes / 1_000_000).ToString("N0", CultureInfo.InvariantCulture) + " MB";

    private static bool TryParse(string text, (string Unit, long Factor)[] units, out long value)
    {
        ReadOnlySpan<char> number = text.AsSpan().Trim();
        long factor = 1;
        foreach ((string unit, long unitFactor) in units)
        {
            if (number.EndsWith(unit, StringComparison.OrdinalIgnoreCase))
            {
                number = number[..^unit.Length].TrimEnd();
                factor = unitFactor;
                break;
            }
        }

        if (!long.TryParse(number, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value)
            || value > long.MaxValue / factor || (value < 0 && factor != 1))
        {
            value = 0;
            return false;
        }

        value *= factor;
        return true;
    }
}
