using System.Net;
using System.Net.Http.Headers;
using Broker.Protocol.V1;

namespace Broker.Tests.Server;

public sealed class ClientGoneTests
{
    [Fact]
    public async Task A_client_that_goes_away_in_the_middle_of_its_request_is_no_error_of_the_broker()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        using var client = new HttpClient();
        using var leaving = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{broker.Host.GrpcEndPoint}/broker.v1.AdminService/ListTopics")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new UnfinishedContent(),
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        Task sending = client.SendAsync(request, leaving.Token);
        await Task.Delay(200);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);

        await Task.Delay(200);
        await broker.Admin.ListTopicsAsync(new ListTopicsRequest());

        Assert.DoesNotContain(" ERR ", broker.Log, StringComparison.Ordinal);
    }

    /// <summary>The beginning of a message, and nothing more.</summary>
    private sealed class UnfinishedContent : HttpContent
    {
        public UnfinishedContent() => Headers.ContentType = new MediaTypeHeaderValue("application/grpc");

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
            SerializeToStreamAsync(stream, context, CancellationToken.None);

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        {
            await stream.WriteAsync(new byte[2], cancellationToken);
            await stream.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.Infinite, cancellationToken);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
