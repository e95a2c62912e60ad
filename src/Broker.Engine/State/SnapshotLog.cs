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
    public void Append(StateChanges changes, long lsn)
    {
        if (_path is null || (_end > RewriteBytesMin && _end > _firstRecordBytes * RewriteFactor))
        {
            using StoredState state = (_path is null ? null : Load(_path)) ?? new StoredState();
            state.Apply(changes.Record);
            Replace(state, lsn);
            return;
        }

        if (_file is null)
        {
            // A crash may have left the file before this one, or brought it back.
            DeleteAllBut(_path);
            _file = _disk.Open(_path, FileOpening.Existing);
        }

        ReadOnlySpan<byte> record = Sealed(changes, lsn, _lastCrc);
        _file.Write(_end, record);
        _file.SyncData();
        _end += record.Length;
        _lastCrc = ReadUInt32LittleEndian(record[CrcAt..]);
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
        using StateChanges puts = state.AsPuts();
        ReadOnlySpan<byte> record = Sealed(puts, lsn, previousCrc: 0);
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
        _lastCrc = ReadUInt32LittleEndian(record[CrcAt..]);
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

    /// <summary>Changes with the header that makes them a record.</summary>
    private static Span<byte> Sealed(StateChanges changes, long lsn, uint previousCrc)
    {
        Span<byte> record = changes.Record;
        WriteUInt32LittleEndian(record[MagicAt..], Magic);
        WriteUInt16LittleEndian(record[VersionAt..], Version);
        WriteUInt16LittleEndian(record[FlagsAt..], 0);
        WriteInt32LittleEndian(record[SizeAt..], record.Length);
        WriteInt64LittleEndian(record[LsnAt..], lsn);
        WriteUInt32LittleEndian(record[PreviousCrcAt..], previousCrc);
        WriteUInt32LittleEndian(record[CrcAt..], Crc32C.Compute(record[VersionAt..]));
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
            state.Apply(record);
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
