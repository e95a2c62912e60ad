using System.Collections;
using System.Runtime.CompilerServices;
using static System.Buffers.Binary.BinaryPrimitives;

namespace Broker.Engine.State;

/// <summary>
/// Changes of the stored state in their order, encoded as a record of the snapshot log holds them, behind room for its header.
/// With many producers they are a hundred megabytes for a moment: dispose them, so that the moment passes.
/// </summary>
internal sealed class StateChanges : IEnumerable<StateChange>, IDisposable
{
    private const int KindAt = 0, FamilyAt = KindAt + 1, KeyLengthAt = FamilyAt + 1, ValueLengthAt = KeyLengthAt + 4, KeyAt = ValueLengthAt + 4;

    private const int FamilyCount = byte.MaxValue + 1;

    private readonly UnmanagedBytes _bytes = new();

    public StateChanges() => _bytes.Add(SnapshotLog.HeaderBytes).Clear();

    /// <summary>Stands in the header.</summary>
    public int Count
    {
        get => ReadInt32LittleEndian(Record[SnapshotLog.CountAt..]);
        private set => WriteInt32LittleEndian(Record[SnapshotLog.CountAt..], value);
    }

    public bool IsEmpty => End == SnapshotLog.HeaderBytes;

    /// <summary>Room for a header, then all changes.</summary>
    public Span<byte> Record => _bytes.GetSpan();

    private int End => _bytes.Length;

    public void Put(StateFamily family, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value) => Add(StateChangeKind.Put, family, key, value);

    public void Delete(StateFamily family, ReadOnlySpan<byte> key) => Add(StateChangeKind.Delete, family, key, []);

    public void DeletePrefix(StateFamily family, ReadOnlySpan<byte> key) => Add(StateChangeKind.DeletePrefix, family, key, []);

    /// <summary>Adds all changes of an intact record.</summary>
    public void AddRecord(ReadOnlySpan<byte> record)
    {
        record[SnapshotLog.HeaderBytes..].CopyTo(_bytes.Add(record.Length - SnapshotLog.HeaderBytes));
        Count += ReadInt32LittleEndian(record[SnapshotLog.CountAt..]);
    }

    /// <returns>The places of all changes by their family's number, for <see cref="At"/>; in their order.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public int[][] PlacesByFamily()
    {
        // Counted first: lists that grow would leave as much again behind.
        Span<int> counts = stackalloc int[FamilyCount];
        for (int at = SnapshotLog.HeaderBytes; at < End; at = Next(at))
        {
            counts[(int)FamilyAtPlace(at)]++;
        }

        int[][] places = new int[FamilyCount][];
        for (int family = 0; family < FamilyCount; family++)
        {
            places[family] = new int[counts[family]];
        }

        counts.Clear();
        for (int at = SnapshotLog.HeaderBytes; at < End; at = Next(at))
        {
            int family = (int)FamilyAtPlace(at);
            places[family][counts[family]++] = at;
        }

        return places;
    }

    public StateChange At(int place)
    {
        ReadOnlySpan<byte> head = Head(place);
        int keyLength = ReadInt32LittleEndian(head[KeyLengthAt..]);
        ReadOnlyMemory<byte> rest = _bytes.Memory[(place + KeyAt)..];
        return new StateChange(
            (StateChangeKind)head[KindAt], FamilyAtPlace(place), rest[..keyLength], rest.Slice(keyLength, ReadInt32LittleEndian(head[ValueLengthAt..])));
    }

    public StateChangeKind KindAtPlace(int place) => (StateChangeKind)Head(place)[KindAt];

    public StateFamily FamilyAtPlace(int place) => (StateFamily)Head(place)[FamilyAt];

    public ReadOnlySpan<byte> KeyAtPlace(int place) => Record.Slice(place + KeyAt, ReadInt32LittleEndian(Head(place)[KeyLengthAt..]));

    public IEnumerator<StateChange> GetEnumerator()
    {
        for (int at = SnapshotLog.HeaderBytes; at < End; at = Next(at))
        {
            yield return At(at);
        }
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public void Dispose() => ((IDisposable)_bytes).Dispose();

    private ReadOnlySpan<byte> Head(int place) => Record.Slice(place, KeyAt);

    private int Next(int place)
    {
        ReadOnlySpan<byte> head = Head(place);
        return checked(place + KeyAt + ReadInt32LittleEndian(head[KeyLengthAt..]) + ReadInt32LittleEndian(head[ValueLengthAt..]));
    }

    private void Add(StateChangeKind kind, StateFamily family, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        Span<byte> bytes = _bytes.Add(KeyAt + key.Length + value.Length);
        bytes[KindAt] = (byte)kind;
        bytes[FamilyAt] = (byte)family;
        WriteInt32LittleEndian(bytes[KeyLengthAt..], key.Length);
        WriteInt32LittleEndian(bytes[ValueLengthAt..], value.Length);
        key.CopyTo(bytes[KeyAt..]);
        value.CopyTo(bytes[(KeyAt + key.Length)..]);
        Count++;
    }
}
