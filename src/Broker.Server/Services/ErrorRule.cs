using Grpc.Core;

namespace Broker.Server.Services;

/// <summary>How one refusal looks on the wire.</summary>
/// <param name="Reason">Stable name, Kafka's where Kafka has one.</param>
/// <param name="IsRetriable">The same request may succeed later.</param>
/// <param name="IsDefinite">The write certainly did not happen.</param>
internal readonly record struct ErrorRule(StatusCode Status, string Reason, bool IsRetriable, bool IsDefinite);
