using Broker.Cli.Input;
using Broker.Client;
using Broker.Records;

namespace Broker.Cli.Produce;

/// <summary>What a produce command was asked to do.</summary>
internal sealed record ProduceRequest
{
    public required string Server { get; init; }

    public required string Topic { get; init; }

    /// <summary>Null or "-" for standard input.</summary>
    public required string? File { get; init; }

    public required FieldReader Fields { get; init; }

    public required RecordHeader[] Headers { get; init; }

    public required Codec Compression { get; init; }

    public required Durability Durability { get; init; }

    public required bool AsJson { get; init; }
}
