using Broker.Engine.Topics;

namespace Broker.Engine.Producers;

/// <summary>The windows of a producer that writes to more partitions than one, but for the first. Guarded by the sequencer's lock.</summary>
internal sealed class FurtherWindows
{
    private readonly Dictionary<PartitionHandle, int> _places = [];
    private ProducerWindow[] _windows = new ProducerWindow[2];

    // A producer is often met where it was met last.
    private int _lastUsed;

    public int Count { get; private set; }

    public bool IsFull => Count == _windows.Length;

    public ref ProducerWindow this[int index] => ref _windows[index];

    /// <returns>Its index; −1 when there is none.</returns>
    public int Find(PartitionHandle partition)
    {
        if (_windows[_lastUsed].Partition != partition)
        {
            if (!_places.TryGetValue(partition, out int place))
            {
                return -1;
            }

            _lastUsed = place;
        }

        return _lastUsed;
    }

    public ref ProducerWindow Add(ProducerWindow window)
    {
        if (IsFull)
        {
            Array.Resize(ref _windows, Count * 2);
        }

        _places.Add(window.Partition!, Count);
        _lastUsed = Count;
        _windows[Count++] = window;
        return ref _windows[_lastUsed];
    }
}
