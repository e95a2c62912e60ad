using Broker.Client;
using Broker.Client.Transport;

namespace Broker.Tests.Client;

public class ServerAddressTests
{
    [Theory]
    [InlineData("127.0.0.1:9195", "http://127.0.0.1:9195/")]
    [InlineData("broker.local", "http://broker.local:9095/")]
    [InlineData("http://broker.local:1", "http://broker.local:1/")]
    [InlineData("https://broker.local", "https://broker.local:9095/")]
    [InlineData("https://broker.local:443/", "https://broker.local/")]
    [InlineData("[::1]:9095", "http://[::1]:9095/")]
    public void An_address_is_a_host_with_or_without_port_and_scheme(string text, string uri)
    {
        Assert.True(ServerAddress.TryParse(text, out ServerAddress? address));
        Assert.Equal(new Uri(uri), address.Uri);
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("ftp://x:1")]
    [InlineData("host:notaport")]
    [InlineData("http://host:1/path")]
    [InlineData("http://user@host:1")]
    public void Anything_else_is_refused_by_name(string text)
    {
        Assert.False(ServerAddress.TryParse(text, out _));
        var options = new BrokerClientOptions { Server = text };
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => new BrokerClient(options));
        Assert.Contains($"'{text}'", refusal.Message, StringComparison.Ordinal);
    }
}
