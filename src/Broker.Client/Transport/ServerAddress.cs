using System.Diagnostics.CodeAnalysis;

namespace Broker.Client.Transport;

/// <summary>The broker's gRPC address: as a URI for the transport, as host:port for people.</summary>
internal sealed record ServerAddress(Uri Uri, string Display)
{
    public const string Default = "127.0.0.1:9095";

    private const int DefaultPort = 9095;

    public string Host => Uri.Host;

    public int Port => Uri.Port;

    public static bool TryParse(string? text, [NotNullWhen(true)] out ServerAddress? address)
    {
        address = null;
        if (string.IsNullOrWhiteSpace(text))
        {
            return false;
        }

        bool hasScheme = text.Contains("://", StringComparison.Ordinal);
        if (!Uri.TryCreate(hasScheme ? text : "http://" + text, UriKind.Absolute, out Uri? uri)
            || uri.Scheme is not ("http" or "https")
            || uri.Host.Length == 0
            || uri.PathAndQuery != "/"
            || uri.UserInfo.Length > 0)
        {
            return false;
        }

        // Without a port the scheme's own would be 80 or 443, where no broker listens unless it was written down.
        bool hasPort = text.TrimEnd('/').EndsWith($":{uri.Port}", StringComparison.Ordinal);
        if (!hasPort)
        {
            uri = new UriBuilder(uri) { Port = DefaultPort }.Uri;
        }

        address = new ServerAddress(uri, $"{uri.Host}:{uri.Port}");
        return true;
    }
}
