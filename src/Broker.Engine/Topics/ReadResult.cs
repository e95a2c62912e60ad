using Broker.Storage.Segments;

namespace Broker.Engine.Topics;

/// <summary>The answer to a read. The slice is empty at the end of the log and with every error; dispose it in any case.</summary>
/// <param name="NextOffset">With <see cref="BrokerError.DataLoss"/>: the first offset behind the damage, or −1 when it is not known.</param>
internal readonly record struct ReadResult(BrokerError Error, LogSlice Slice, long NextOffset = -1);
