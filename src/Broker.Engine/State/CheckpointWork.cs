using Broker.Storage.Segments;

namespace Broker.Engine.State;

/// <summary>What one checkpoint makes durable: state changes, and segments up to a position.</summary>
internal sealed record CheckpointWork(StateChanges Changes)
{
    public List<(Segment Segment, int EndPosition)> Segments { get; } = [];
}
