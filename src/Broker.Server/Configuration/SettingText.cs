using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;

namespace Broker.Server.Configuration;

/// <summary>Counts and addresses as people write them.</summary>
internal static class SettingText
{
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
}
