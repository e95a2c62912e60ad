using Broker.Storage.Segments;

namespace Broker.Engine.Topics;

/// <summary>The answer to a read. The slice is empty at the end of the log and with every error; dispose it in any case.</summary>
public readonly record struct ReadResult(BrokerError Error, LogSlice Slice);
