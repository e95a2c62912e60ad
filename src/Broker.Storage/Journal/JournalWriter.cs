using Broker.Records;
using Broker.Storage.Files;

namespace Broker.Storage.Journal;

/// <summary>
/// Writes groups of entries and syncs them. Single-threaded. After a failure nothing may be written any more: the caller
/// latches it.
/// </summary>
internal sealed class JournalWriter : IDisposable
{
    // A sync of 4 MiB takes about 3 ms; more in one group only makes everyone wait longer.
    private const long GroupBytesMax = 4 << 20;

    private readonly JournalFiles _files;
    private readonly GatherList _gather = new(smallBytes: 512 * 1024);
    private readonly long _incarnation;
    private JournalFile? _active;
    private JournalPosition _position;
    private long _durableUpTo;

    // The newest entry that is written together with all that it counts with.
    private long _writtenUpTo;
#if BROKER_MUTANTS
    private IDiskFile? _other;
#endif

    /// <param name="end">Where recovery found the journal to end. Writing goes on in a new file.</param>
    public JournalWriter(JournalFiles files, JournalPosition end, long incarnation)
    {
        _files = files;
        _incarnation = incarnation;
        _position = end;
        _durableUpTo = end.Lsn;
        _writtenUpTo = end.Lsn;
    }

    /// <summary>Where the next group begins, unless the file is full.</summary>
    public JournalPosition Position => _position;

    /// <summary>The newest entry that a completed sync covers, and with it all that it counts with.</summary>
    public long DurableUpTo => _durableUpTo;

    /// <summary>The newest entry that will be durable with the next <see cref="Sync"/>.</summary>
    public long WrittenUpTo => _writtenUpTo;

    public long BytesWritten { get; private set; }

    /// <summary>Whether an entry, with all that it counts with, can be written without waiting for a journal file to be made.</summary>
    public bool HasRoomFor(List<JournalEntry> entries, int at)
    {
        long bytes = entries[at].FrameBytes;
        for (; entries[at].IsContinued; at++)
        {
            bytes += JournalFormat.AlignBlock(entries[at + 1].FrameBytes);
        }

        return (_active is not null && _position.Position + bytes <= _active.SizeBytes) || _files.HasReadyFile(SizeForFrame(bytes));
    }

    /// <summary>A segment has met the full disk: the file that is kept for that may be written.</summary>
    public void NoteShortOfSpace() => _files.NoteShortOfSpace();

    /// <summary>Writes as many entries as one group takes.</summary>
    /// <returns>How many, counted from <paramref name="from"/>; at least 1. Durable after <see cref="Sync"/>.</returns>
    public int Write(List<JournalEntry> entries, int from)
    {
        Invariant.Check(from < entries.Count);
        bool opensFile = _active is null || _position.Position + entries[from].FrameBytes > _active.SizeBytes;
        if (opensFile)
        {
            OpenNextFile(entries[from].FrameBytes);
        }

        int count = CountThatFit(entries, from, start: opensFile ? JournalFormat.BlockBytes : _position.Position);
        BeginGroup(opensFile, firstLsn: entries[from].Lsn);
        uint crc = _position.FrameCrc;
        for (int i = 0; i < count; i++)
        {
            JournalEntry entry = entries[from + i];
            Invariant.Check(entry.Lsn == _position.Lsn + i + 1);
            int flags = (entry.IsContinued ? 0 : JournalFormat.EntryLast) | (i == count - 1 ? JournalFormat.GroupLast : 0);
            crc = JournalFrame.Write(
                _gather, entry.Kind, (byte)flags, entry.Lsn, _durableUpTo, _active!.Number, crc,
                entry.Head, entry.Payload, entry.PayloadCoveredBytes);
            if (!entry.IsContinued)
            {
                _writtenUpTo = entry.Lsn;
            }
        }

        EndGroup(opensFile, crc, lastLsn: entries[from + count - 1].Lsn);
        return count;
    }

    /// <summary>Writes a frame that says only what is durable, so that damage up to there is known as damage.</summary>
    public void WriteMark()
    {
        bool opensFile = _active is null || _position.Position + JournalFormat.BlockBytes > _active.SizeBytes;
        if (opensFile)
        {
            OpenNextFile(JournalFormat.FrameHeaderBytes);
        }

        BeginGroup(opensFile, firstLsn: _position.Lsn);
        uint crc = JournalFrame.Write(
            _gather, JournalFormat.MarkKind, JournalFormat.EntryLast | JournalFormat.GroupLast, _position.Lsn, _durableUpTo,
            _active!.Number, _position.FrameCrc, head: default, payload: default, payloadCoveredBytes: 0);
        EndGroup(opensFile, crc, _position.Lsn);
    }

    public void Sync()
    {
#if BROKER_MUTANTS
        if (Mutant.Is("sync-of-another-file"))
        {
            (_other ??= _files.OpenAnother(_active!.Number)).SyncData();
            _durableUpTo = _writtenUpTo;
            return;
        }

        if (Mutant.Is("failed-sync-tried-again"))
        {
            try
            {
                _active!.File.SyncData();
            }
            catch (DiskException)
            {
                _active!.File.SyncData();
            }

            _durableUpTo = _writtenUpTo;
            return;
        }
#endif
        _active!.File.SyncData();
        _durableUpTo = _writtenUpTo;
    }

    /// <summary>Ends waiting for space for the next file.</summary>
    public void StopWaiting() => _files.StopWaiting();

    public void Dispose()
    {
        _active?.File.Dispose();
        _active = null;
    }

    private void OpenNextFile(int firstFrameBytes)
    {
        JournalFile next = _files.TakeNext(SizeForFrame(firstFrameBytes));
        _active?.File.Dispose();
        _active = next;
    }

    private static long SizeForFrame(long frameBytes) => JournalFormat.AlignBlock(JournalFormat.BlockBytes + frameBytes);

    private int CountThatFit(List<JournalEntry> entries, int from, long start)
    {
        long room = Math.Min(GroupBytesMax, _active!.SizeBytes - start);
        int count = 0;
        long bytes = 0;
        while (from + count < entries.Count)
        {
            bytes += entries[from + count].FrameBytes;
            if (bytes > room && count > 0)
            {
                break;
            }

            count++;
        }

        return count;
    }

    private void BeginGroup(bool opensFile, long firstLsn)
    {
        _gather.Clear();
        if (opensFile)
        {
            Span<byte> block = _gather.Reserve(JournalFormat.BlockBytes);
            JournalFormat.WriteFileHeader(block, _active!.Number, _incarnation, firstLsn, previous: _position);
        }
    }

    private void EndGroup(bool opensFile, uint crc, long lastLsn)
    {
        int padding = (int)(JournalFormat.AlignBlock(_gather.TotalBytes) - _gather.TotalBytes);
        if (padding > 0)
        {
            _gather.Reserve(padding);
        }

        _gather.Seal();
        long start = opensFile ? 0 : _position.Position;
        Invariant.Check(start % JournalFormat.BlockBytes == 0);
        Invariant.Check(start + _gather.TotalBytes <= _active!.SizeBytes);
        _active.File.Write(start, _gather);
        BytesWritten += _gather.TotalBytes;
        _position = new JournalPosition(_active.Number, start + _gather.TotalBytes, crc, lastLsn);
        _gather.Clear();
    }
}
