using System.Numerics;

namespace Broker.Server.Streams;

/// <summary>A queue of structs that is addressed by absolute, ever growing indexes and allocates only when it grows.</summary>
/// <remarks>One thread at a time.</remarks>
internal sealed class Ring<T>
    where T : struct
{
    private T[] _items = new T[16];

    /// <summary>Index of the oldest item.</summary>
    public long Head { get; private set; }

    /// <summary>Index that the next item gets.</summary>
    public long Tail { get; private set; }

    public ref readonly T this[long index] => ref _items[index & (_items.Length - 1)];

    public void Add(in T item)
    {
        if (Tail - Head == _items.Length)
        {
            Grow();
        }

        _items[Tail & (_items.Length - 1)] = item;
        Tail++;
    }

    /// <summary>Forgets the items before <paramref name="head"/>, with what they refer to.</summary>
    public void DropBefore(long head)
    {
        for (; Head < head; Head++)
        {
            _items[Head & (_items.Length - 1)] = default;
        }
    }

    private void Grow()
    {
        // A power of two, so that an index is mapped with a mask.
        var larger = new T[BitOperations.RoundUpToPowerOf2((uint)_items.Length * 2)];
        for (long index = Head; index < Tail; index++)
        {
            larger[index & (larger.Length - 1)] = this[index];
        }

        _items = larger;
    }
}
