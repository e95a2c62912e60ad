using Broker.Client;
using Broker.Client.Transport;
using Grpc.Core;

namespace Broker.Tests.Client;

public sealed class ErrorMapperTests
{
    // RFC 9113: what a server says that ends a connection in order, and one that was spoken to in another protocol.
    private const long NoError = 0, ProtocolError = 1;

    private static readonly ServerAddress Server =
        ServerAddress.TryParse("127.0.0.1:9095", out ServerAddress? address) ? address : throw new InvalidOperationException();

    [Fact]
    public void A_broker_that_stops_while_it_is_first_spoken_to_is_looked_for_again()
    {
        BrokerException error = ErrorMapper.FromRpc(EndedWith(NoError), Server, wasReached: false);
        Assert.IsType<RetriableException>(error);
        Assert.Equal(ErrorReasons.NetworkException, error.Reason);
    }

    [Fact]
    public void A_server_that_does_not_understand_is_none_to_be_asked_again()
    {
        BrokerException error = ErrorMapper.FromRpc(EndedWith(ProtocolError), Server, wasReached: false);
        Assert.False(error.IsRetriable);
        Assert.Equal(ErrorReasons.UnsupportedVersion, error.Reason);
    }

    private static RpcException EndedWith(long errorCode) => new(new Status(
        StatusCode.Internal,
        "Error starting gRPC call.",
        new HttpRequestException(
            HttpRequestError.HttpProtocolError, "The HTTP/2 server closed the connection.", new HttpProtocolException(errorCode, "closed", null))));
}
