using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Broker.Server.Configuration;

/// <summary>Sizes, durations and addresses as people write them.</summary>
internal static class SettingText
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

    public static bool TryParseCount(string text, out long count) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out count);

    /// <summary>ADDRESS:PORT with an IP address, "localhost" or "*".</summary>
    public static bool TryParseEndPoint(string text, [NotNullWhen(true)] out IPEndPoint? endPoint)
    {
        endPoint = null;
        int colon = text.LastIndexOf(':');
        if (colon <= 0 || !ushort.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port))
        {
            return false;
        }

        string host = text[..colon];
        bool isBracketed = host.StartsWith('[') && host.EndsWith(']');
        IPAddress? address = host switch
        {
            "localhost" => IPAddress.Loopback,
            "*" => IPAddress.IPv6Any,
            _ => IPAddress.TryParse(isBracketed ? host[1..^1] : host, out IPAddress? parsed) ? parsed : null,
        };
        // Without brackets the last group of an IPv6 address would be taken for the port.
        bool isAmbiguous = address?.AddressFamily is System.Net.Sockets.AddressFamily.InterNetworkV6 && host != "*" && !isBracketed;
        endPoint = address is null || isAmbiguous ? null : new IPEndPoint(address, port);
        return endPoint is not null;
    }

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
