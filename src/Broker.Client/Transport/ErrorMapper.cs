using System.Net.Sockets;
using Broker.Protocol.V1;
using Google.Rpc;
using Grpc.Core;

namespace Broker.Client.Transport;

/// <summary>Makes the SDK's exceptions from what came over the wire, or did not.</summary>
internal static class ErrorMapper
{
    private const string DefiniteKey = "definite";
    private const string RetriableKey = "retriable";

    public static BrokerException FromError(Error error)
    {
        return Create(error.Reason, error.Message, error.Definite, error.Retriable, error.Metadata, innerException: null);
    }

    /// <summary>The same refusal, with what the client knows about earlier attempts of the same write.</summary>
    public static BrokerException WithDefinite(BrokerException e, bool isDefinite)
    {
        return e.IsDefinite == isDefinite
            ? e
            : Create(e.Reason, e.Message, isDefinite, e.IsRetriable, e.Metadata, e.InnerException);
    }

    /// <param name="wasReached">
    /// A broker has answered at this address before: then a connection that breaks off in the middle of a frame is a broker
    /// that died, not another kind of server.
    /// </param>
    public static BrokerException FromRpc(RpcException e, ServerAddress server, bool wasReached = false)
    {
        ErrorInfo? info = e.GetRpcStatus()?.GetDetail<ErrorInfo>();
        if (info is not null)
        {
            var metadata = new Dictionary<string, string>(info.Metadata);
            bool isDefinite = metadata.Remove(DefiniteKey, out string? definite) && definite == "true";
            bool isRetriable = metadata.Remove(RetriableKey, out string? retriable)
                ? retriable == "true"
                : e.StatusCode is StatusCode.Unavailable or StatusCode.ResourceExhausted or StatusCode.Aborted;
            return Create(info.Reason, e.Status.Detail, isDefinite, isRetriable, metadata, e);
        }

        return FromTransport(e, server, wasReached);
    }

    /// <summary>True when no connection came about, so that nothing of the request can have reached a broker.</summary>
    public static bool NeverConnected(RpcException e)
    {
        return FindInner<HttpRequestException>(e) is
        {
            HttpRequestError: HttpRequestError.ConnectionError
                or HttpRequestError.NameResolutionError
                or HttpRequestError.SecureConnectionError,
        };
    }

    private static BrokerException FromTransport(RpcException e, ServerAddress server, bool wasReached)
    {
        if (NeverConnected(e))
        {
            return new RetriableException(
                ErrorReasons.NetworkException,
                $"Cannot reach a broker at {server.Display}: {WhyNotConnected(e)}.",
                isDefinite: true,
                Address(server),
                e);
        }

        if (!wasReached && AnswersOtherwise(e))
        {
            return new BrokerException(
                ErrorReasons.UnsupportedVersion,
                $"{server.Display} answers, but does not speak the broker's protocol: is it the address of grpc.listen, "
                    + "by default port 9095?",
                isDefinite: true,
                Address(server),
                e);
        }

        return e.StatusCode switch
        {
            StatusCode.Unimplemented => new BrokerException(
                ErrorReasons.UnsupportedVersion,
                $"What answers at {server.Display} does not offer this call: it is another service or an older broker.",
                isDefinite: true,
                Address(server),
                e),
            StatusCode.DeadlineExceeded => new RetriableException(
                ErrorReasons.RequestTimedOut,
                $"The broker at {server.Display} did not answer in time.",
                isDefinite: false,
                Address(server),
                e),
            StatusCode.Unavailable or StatusCode.Internal or StatusCode.Unknown or StatusCode.Cancelled
                or StatusCode.Aborted or StatusCode.ResourceExhausted => new RetriableException(
                ErrorReasons.NetworkException,
                $"The connection to the broker at {server.Display} broke: {WhyBroken(e)}",
                isDefinite: false,
                Address(server),
                e),
            _ => new BrokerException(
                e.StatusCode.ToString().ToUpperInvariant(),
                $"The broker at {server.Display} refused the call: {Detail(e)}",
                isDefinite: true,
                Address(server),
                e),
        };
    }

    private static BrokerException Create(
        string reason,
        string message,
        bool isDefinite,
        bool isRetriable,
        IEnumerable<KeyValuePair<string, string>> metadata,
        Exception? innerException)
    {
        var facts = new Dictionary<string, string>(metadata);
        return reason switch
        {
            ErrorReasons.InvalidProducerEpoch or ErrorReasons.ProducerFenced or ErrorReasons.ClientFailed =>
                new FatalException(reason, message, isDefinite, facts, innerException),
            ErrorReasons.ExpectedOffsetMismatch => new ExpectedOffsetException(message, isDefinite, facts, innerException),
            ErrorReasons.TransactionAbortable =>
                new AbortTransactionException(reason, message, isDefinite, facts, innerException),
            _ => isRetriable
                ? new RetriableException(reason, message, isDefinite, facts, innerException)
                : new BrokerException(reason, message, isDefinite, facts, innerException),
        };
    }

    private static bool AnswersOtherwise(RpcException e)
    {
        // A connection that breaks before the first answer says nothing about who is there: a broker may be killed just then. One
        // that is ended in order (HTTP/2 code 0) was to a server that stops.
        if (Causes(e).Any(cause => cause is SocketException
            or HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } or HttpProtocolException { ErrorCode: 0 }))
        {
            return false;
        }

        HttpRequestException? http = FindInner<HttpRequestException>(e);
        return http is { HttpRequestError: HttpRequestError.InvalidResponse or HttpRequestError.VersionNegotiationError }
            || (http is { HttpRequestError: HttpRequestError.HttpProtocolError } && e.StatusCode == StatusCode.Internal);
    }

    private static string WhyNotConnected(RpcException e)
    {
        return FindInner<SocketException>(e) switch
        {
            { SocketErrorCode: SocketError.ConnectionRefused } => "nothing listens there (connection refused)",
            { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } =>
                "the host name is not known",
            { } socket => socket.Message.TrimEnd('.'),
            null when FindInner<TimeoutException>(e) is not null || FindInner<OperationCanceledException>(e) is not null =>
                "no answer to the attempt to connect",
            null => FindInner<HttpRequestException>(e)?.Message.TrimEnd('.') ?? Detail(e).TrimEnd('.'),
        };
    }

    /// <summary>What the network says; what the layers above make of it tells nobody anything.</summary>
    private static string WhyBroken(RpcException e)
    {
        if (FindInner<SocketException>(e) is { } socket)
        {
            return socket.Message.TrimEnd('.') + ".";
        }

        bool wasClosed = FindInner<ObjectDisposedException>(e) is not null || FindInner<IOException>(e) is not null;
        return wasClosed ? "it was closed." : Detail(e);
    }

    private static string Detail(RpcException e)
    {
        string detail = e.Status.Detail.Trim();
        return detail.Length == 0 ? $"{e.StatusCode}." : detail.EndsWith('.') ? detail : detail + ".";
    }

    private static Dictionary<string, string> Address(ServerAddress server)
    {
        return new Dictionary<string, string> { ["server"] = server.Display };
    }

    private static T? FindInner<T>(RpcException e)
        where T : Exception => Causes(e).OfType<T>().FirstOrDefault();

    private static IEnumerable<Exception> Causes(RpcException e)
    {
        for (Exception? cause = e.Status.DebugException; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
        }
    }
}
