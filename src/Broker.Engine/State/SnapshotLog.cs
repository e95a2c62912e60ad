using static System.Buffers.Binary.BinaryPrimitives;
using Broker.Records;
using Broker.Storage;
using Broker.Storage.Files;
using Broker.Storage.Journal;

namespace Broker.Engine.State;

/// <summary>
/// The state of the newest checkpoint as a log of our own: the first record of a file holds everything, each further one
/// what a checkpoint changed. From it RocksDB can be made again. When a file has grown to several times what it says, a new
/// one is written and takes its place. See docs/format.md.
/// </summary>
internal sealed class SnapshotLog : IDisposable
{
    /// <summary>"BSNP" read as a little-endian integer.</summary>
    public const uint Magic = 0x504E5342;
    public const ushort Version = 4;

    public const int MagicAt = 0, CrcAt = MagicAt + 4, VersionAt = CrcAt + 4, FlagsAt = VersionAt + 2, SizeAt = FlagsAt + 2,
        CountAt = SizeAt + 4, LsnAt = CountAt + 4, PreviousCrcAt = LsnAt + 8, HeaderBytes = PreviousCrcAt + 4;

    public const string Extension = ".snapshot";

    private const int RewriteFactor = 4;

    private readonly IDisk _disk;
    private readonly string _directory;
    private string? _path;
    private IDiskFile? _file;
    private long _number;
    private long _end;
    private long _firstRecordBytes;
    private uint _lastCrc;

    public SnapshotLog(IDisk disk, string directory)
    {
        _disk = disk;
        _directory = directory;
    }

    /// <summary>A smaller file is not rewritten, so that a small state is not written whole at every checkpoint.</summary>
    public long RewriteBytesMin { get; init; } = 1 << 20;

    /// <summary>Whether the file that was loaded ends with a whole record: then nothing newer was lost.</summary>
    public bool EndsCleanly { get; private set; }

    /// <summary>Reads the newest file that begins with a whole record.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="UnsupportedFormatException">Written by a newer version.</exception>
    public StoredState? Load()
    {
        foreach (string path in _disk.ListFiles(_directory).Where(p => NumberOf(p) >= 0).Reverse())
        {
            if (Load(path) is { } state)
            {
                return state;
            }
        }

        return null;
    }

    /// <summary>Makes one checkpoint durable.</summary>
    public void Append(IReadOnlyList<StateChange> changes, long lsn)
    {
        if (_path is null || (_end > RewriteBytesMin && _end > _firstRecordBytes * RewriteFactor))
        {
            StoredState state = (_path is null ? null : Load(_path)) ?? new StoredState();
            state.Apply(changes);
            Replace(state, lsn);
            return;
        }

        if (_file is null)
        {
            // A crash may have left the file before this one, or brought it back.
            DeleteAllBut(_path);
            _file = _disk.Open(_path, FileOpening.Existing);
        }

        byte[] record = Encode(changes, lsn, _lastCrc);
        _file.Write(_end, record);
        _file.SyncData();
        _end += record.Length;
        _lastCrc = ReadUInt32LittleEndian(record.AsSpan(CrcAt));
    }

    /// <summary>Begins a new file with everything; the old ones go when it is durable.</summary>
    public void Replace(StoredState state, long lsn)
    {
        long number = _number + 1;
        foreach (string old in _disk.ListFiles(_directory))
        {
            number = Math.Max(number, NumberOf(old) + 1);
        }

        string path = Path.Combine(_directory, number.ToString("D20") + Extension);
        string temporary = path + ".new";
        _disk.DeleteFile(temporary);
        byte[] record = Encode([.. state.AsPuts()], lsn, previousCrc: 0);
        using (IDiskFile file = _disk.Open(temporary, FileOpening.New))
        {
            file.Write(0, record);
            file.SyncData();
        }

        _disk.Rename(temporary, path);
        _disk.SyncDirectory(_directory);
        _file?.Dispose();
        _file = null;
        _path = path;
        _number = number;
        _end = record.Length;
        _firstRecordBytes = record.Length;
        _lastCrc = ReadUInt32LittleEndian(record.AsSpan(CrcAt));
        DeleteAllBut(path);
    }

    public void Dispose() => _file?.Dispose();

    private void DeleteAllBut(string path)
    {
        foreach (string old in _disk.ListFiles(_directory).Where(p => p != path))
        {
            _disk.DeleteFile(old);
        }
    }

    private static long NumberOf(string path) =>
        Path.GetExtension(path) == Extension && long.TryParse(Path.GetFileNameWithoutExtension(path), out long number) ? number : -1;

    private static byte[] Encode(IReadOnlyList<StateChange> changes, long lsn, uint previousCrc)
    {
        int size = HeaderBytes + changes.Sum(c => 10 + c.Key.Length + c.Value.Length);
        byte[] record = new byte[size];
        WriteUInt32LittleEndian(record.AsSpan(MagicAt), Magic);
        WriteUInt16LittleEndian(record.AsSpan(VersionAt), Version);
        WriteInt32LittleEndian(record.AsSpan(SizeAt), size);
        WriteInt32LittleEndian(record.AsSpan(CountAt), changes.Count);
        WriteInt64LittleEndian(record.AsSpan(LsnAt), lsn);
        WriteUInt32LittleEndian(record.AsSpan(PreviousCrcAt), previousCrc);
        int at = HeaderBytes;
        foreach (StateChange change in changes)
        {
            record[at] = (byte)change.Kind;
            record[at + 1] = (byte)change.Family;
            WriteInt32LittleEndian(record.AsSpan(at + 2), change.Key.Length);
            WriteInt32LittleEndian(record.AsSpan(at + 6), change.Value.Length);
            change.Key.CopyTo(record, at + 10);
            change.Value.CopyTo(record, at + 10 + change.Key.Length);
            at += 10 + change.Key.Length + change.Value.Length;
        }

        WriteUInt32LittleEndian(record.AsSpan(CrcAt), Crc32C.Compute(record.AsSpan(VersionAt)));
        return record;
    }

    /// <returns>Size of the intact record at the start of the bytes; 0 when there is none.</returns>
    private static int IntactRecord(ReadOnlySpan<byte> bytes, uint previousCrc, string path)
    {
        if (bytes.Length < HeaderBytes || ReadUInt32LittleEndian(bytes) != Magic)
        {
            return 0;
        }

        int size = ReadInt32LittleEndian(bytes[SizeAt..]);
        if (size < HeaderBytes || size > bytes.Length
            || Crc32C.Compute(bytes[VersionAt..size]) != ReadUInt32LittleEndian(bytes[CrcAt..]))
        {
            return 0;
        }

        ushort version = ReadUInt16LittleEndian(bytes[VersionAt..]);
        if (version > Version)
        {
            throw new UnsupportedFormatException(path, "snapshot format", version, Version);
        }

        return ReadUInt32LittleEndian(bytes[PreviousCrcAt..]) == previousCrc ? size : 0;
    }

    private static List<StateChange> Decode(ReadOnlySpan<byte> record)
    {
        int count = ReadInt32LittleEndian(record[CountAt..]);
        var changes = new List<StateChange>(Math.Min(count, record.Length / 10));
        ReadOnlySpan<byte> rest = record[HeaderBytes..];
        for (int i = 0; i < count; i++)
        {
            int keyLength = ReadInt32LittleEndian(rest[2..]);
            int valueLength = ReadInt32LittleEndian(rest[6..]);
            changes.Add(new StateChange(
                (StateChangeKind)rest[0],
                (StateFamily)rest[1],
                rest.Slice(10, keyLength).ToArray(),
                rest.Slice(10 + keyLength, valueLength).ToArray()));
            rest = rest[(10 + keyLength + valueLength)..];
        }

        return changes;
    }

    // From the device: after a sync that failed, the page cache shows bytes that were never written.
    private StoredState? Load(string path)
    {
        using IDiskFile file = _disk.Open(path, FileOpening.ReadOnly);
        long length = file.Length;
        using var buffer = new AlignedBuffer(checked((int)JournalFormat.AlignBlock(length + 1)));
        ReadOnlySpan<byte> bytes = buffer.Span[..(int)Math.Min(length, file.ReadFromDevice(0, buffer, at: 0, buffer.Length))];
        var state = new StoredState();
        int at = 0;
        uint crc = 0;
        while (IntactRecord(bytes[at..], crc, path) is var size and > 0)
        {
            ReadOnlySpan<byte> record = bytes.Slice(at, size);
            state.Apply(Decode(record));
            crc = ReadUInt32LittleEndian(record[CrcAt..]);
            at += size;
            if (_firstRecordBytes == 0 || at == size)
            {
                _firstRecordBytes = size;
            }
        }

        if (at == 0)
        {
            return null;
        }

        EndsCleanly = at == length;
        _path = path;
        _number = NumberOf(path);
        _end = at;
        _lastCrc = crc;
        return state;
    }
}
