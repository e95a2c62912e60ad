using System.IO.Pipelines;
using Microsoft.AspNetCore.Connections;

namespace Broker.Client.Testing.Transport;

/// <summary>A connection as the web server has it: two pipes to a <see cref="InMemoryStream"/>.</summary>
internal sealed class InMemoryConnection : DefaultConnectionContext
{
    private readonly CancellationTokenSource _closed = new();
    private readonly Pipe _toServer = new(new PipeOptions(useSynchronizationContext: false));

    public InMemoryConnection(string id)
        : base(id)
    {
        var toClient = new Pipe(new PipeOptions(useSynchronizationContext: false));
        Transport = new Ends(_toServer.Reader, toClient.Writer);
        Client = new InMemoryStream(toClient.Reader, _toServer.Writer);
        ConnectionClosed = _closed.Token;
        LocalEndPoint = InMemoryEndPoint.Instance;
    }

    /// <summary>The client's end.</summary>
    public InMemoryStream Client { get; }

    public override void Abort(ConnectionAbortedException abortReason) => Break();

    /// <summary>Both ends find the connection lost; what is under way does not arrive.</summary>
    public void Break()
    {
        Client.Break();
        _toServer.Writer.Complete(new ConnectionResetException("The connection was broken."));
        _ = _closed.CancelAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await Transport.Input.CompleteAsync().ConfigureAwait(false);
        await Transport.Output.CompleteAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
