using static System.Buffers.Binary.BinaryPrimitives;
#if BROKER_MUTANTS
using Broker.Records;
#endif
using Broker.Storage.Files;
using Broker.Storage.Workers;

namespace Broker.Storage.Journal;

/// <summary>
/// Reads the journal from a checkpoint to its end, from the device. Tells a torn write from damage: bytes that a later
/// frame declares durable must be there; what no frame vouches for was never acknowledged and is cut.
/// </summary>
internal sealed class JournalReplay : IDisposable
{
    private readonly IDisk _disk;
    private readonly string _directory;
    private readonly List<(long Number, string Path)> _files = [];
    private readonly JournalFileReader _reader;
    private readonly HeldEntries _held = new();
    private long _entryCount;
    private long _bytesRead;

    /// <param name="workers">Who reads ahead; null when nobody does.</param>
    public JournalReplay(IDisk disk, string directory, IWorkers? workers)
    {
        _disk = disk;
        _directory = directory;
        _reader = new JournalFileReader(disk, workers);
        foreach (string path in disk.ListFiles(directory))
        {
            if (JournalFormat.NumberOf(path) is var number and >= 0)
            {
                _files.Add((number, path));
            }
        }

        _files.Sort();
    }

    public IReadOnlyList<(long Number, string Path)> Files => _files;

    /// <summary>Ends at damage, whatever is lost by it, instead of refusing.</summary>
    public bool AcceptsLoss { get; init; }

    /// <summary>Syncs the journal and reads it: what was read will still be there after the next crash.</summary>
    /// <exception cref="CorruptLogException">Something that was durable is damaged or gone.</exception>
    public ReplayResult Run(JournalPosition from, IJournalVisitor visitor)
    {
        // Nothing is made of what is read before the syncs are done.
        if (PathOf(from.FileNumber) is { } first)
        {
            _reader.Open(first, from.Position);
        }

        SyncAll();
        return Read(from, visitor);
    }

    /// <summary>Reads the journal as it is.</summary>
    /// <exception cref="CorruptLogException">Something that was durable is damaged or gone.</exception>
    public ReplayResult Read(JournalPosition from, IJournalVisitor visitor)
    {
        JournalPosition at = from;
        bool groupEnded = true;
        string? torn = null;
        (long Number, string Path)[] later = [.. _files.Where(f => f.Number > from.FileNumber && !IsUnused(f.Path, f.Number))];
        if (from.FileNumber > 0 && (PathOf(from.FileNumber) is not null || !AcceptsLoss))
        {
            string path = PathOf(from.FileNumber)
                ?? throw CorruptLogException.OfMissingFile(
                    PathOfNew(from.FileNumber), $"the journal goes on in it behind the newest checkpoint, entry {from.Lsn}");
            using (var block = new AlignedBuffer(JournalFormat.BlockBytes))
            {
                CheckVersion(ReadStart(path, block), path);
            }

            _reader.Open(path, from.Position, later.FirstOrDefault().Path);
            (at, groupEnded) = ReplayFile(path, at, visitor);
            torn = TornAt(path, at, groupEnded);
        }

        for (int i = 0; i < later.Length; i++)
        {
            (long number, string path) = later[i];
            _reader.Open(path, from: 0, later.ElementAtOrDefault(i + 1).Path);
            CheckVersion(_reader.At(0, JournalFormat.FileHeaderBytes), path);
            if (_held.Any && ContinuesFrom(_reader, number, _held.Start))
            {
                // An earlier recovery cut it.
                at = _held.Start;
                _held.Clear();
            }

            if (!ContinuesFrom(_reader, number, at))
            {
                continue;
            }

            var start = at with { FileNumber = number, Position = JournalFormat.BlockBytes };
            (at, groupEnded) = ReplayFile(path, start, visitor);
            torn = TornAt(path, at, groupEnded);
        }

#if BROKER_MUTANTS
        if (Mutant.Is("staged-without-the-commit"))
        {
            _held.Replay(visitor);
        }
#endif
        if (_held.Any)
        {
            at = _held.Start;
            _held.Clear();
            torn = $"{JournalFormat.FileName(at.FileNumber)} at byte {at.Position}";
        }

#if BROKER_MUTANTS
        if (!Mutant.Is("cut-below-the-mark"))
#endif
        if (!AcceptsLoss)
        {
            RefuseIfLaterFramesVouchForMore(at);
        }

        long highest = _files.Count > 0 ? _files[^1].Number : 0;
#if BROKER_MUTANTS
        if (Mutant.Is("file-number-used-again"))
        {
            highest = at.FileNumber;
        }
#endif
        return new ReplayResult(at, _entryCount, _bytesRead, torn, highest);
    }

    /// <summary>The newest entry that any intact frame knows of, wherever it lies.</summary>
    public long NewestKnownLsn()
    {
        long newest = 0;
        foreach ((long number, string path) in _files)
        {
            _reader.Open(path, from: 0);
            for (long position = 0; (position = FindFrame(_reader, position)) >= 0; position += JournalFormat.FrameAlignmentBytes)
            {
                if (_reader.TryOpenFrame(position, number, out JournalFrame frame))
                {
                    newest = Math.Max(newest, Math.Max(frame.Lsn, frame.DurableUpTo));
                }
            }
        }

        return newest;
    }

    public void Dispose() => _reader.Dispose();

    private static bool ContinuesFrom(JournalFileReader file, long number, JournalPosition at) =>
        file.TryOpenFrame(JournalFormat.BlockBytes, number, out JournalFrame first)
        && first.PreviousCrc == at.FrameCrc
        && first.Lsn == NextLsn(at, first.Kind);

    private static long NextLsn(JournalPosition at, byte kind) => kind == JournalFormat.MarkKind ? at.Lsn : at.Lsn + 1;

    /// <summary>
    /// Whether a file was made ready and never written to: its first blocks are zero, or it is a recycled one whose intact
    /// header bears an earlier number. The first group of a file is written together with its header.
    /// </summary>
    private bool IsUnused(string path, long number)
    {
        using var blocks = new AlignedBuffer(2 * JournalFormat.BlockBytes);
        ReadOnlySpan<byte> bytes = ReadStart(path, blocks);
        if (bytes.Length < JournalFormat.BlockBytes)
        {
            return true;
        }

        return IsHeader(bytes)
            ? ReadInt64LittleEndian(bytes[JournalFormat.FileNumberAt..]) < number
            : bytes.IndexOfAnyExcept((byte)0) < 0;
    }

    /// <summary>A file of a newer format is refused by name; a header that was never written, or is torn, is not a version.</summary>
    private static void CheckVersion(ReadOnlySpan<byte> start, string path)
    {
        if (!IsHeader(start))
        {
            return;
        }

        uint version = ReadUInt32LittleEndian(start[JournalFormat.FileVersionAt..]);
        if (version > JournalFormat.Version)
        {
            throw new UnsupportedFormatException(path, "journal format", version, JournalFormat.Version);
        }
    }

    private ReadOnlySpan<byte> ReadStart(string path, AlignedBuffer blocks)
    {
        using IDiskFile file = _disk.Open(path, FileOpening.ReadOnly);
        return blocks.Span[..file.ReadFromDevice(0, blocks, at: 0, blocks.Length)];
    }

    private static bool IsHeader(ReadOnlySpan<byte> bytes) =>
        bytes.Length >= JournalFormat.FileHeaderBytes
        && ReadUInt64LittleEndian(bytes[JournalFormat.FileMagicAt..]) == JournalFormat.FileMagic
        && ReadUInt32LittleEndian(bytes[JournalFormat.FileCrcAt..]) == JournalFormat.FileHeaderCrc(bytes);

    private (JournalPosition At, bool GroupEnded) ReplayFile(string path, JournalPosition at, IJournalVisitor visitor)
    {
        bool groupEnded = true;
        while (_reader.TryOpenFrame(at.Position, at.FileNumber, out JournalFrame frame))
        {
#if BROKER_MUTANTS
            bool isNext = frame.PreviousCrc == at.FrameCrc || Mutant.Is("chain-without-previous-crc");
#else
            bool isNext = frame.PreviousCrc == at.FrameCrc;
#endif
            if (!isNext || frame.Lsn != NextLsn(at, frame.Kind))
            {
                break;
            }

            if (frame.Kind != JournalFormat.MarkKind)
            {
                visitor.CheckVersion(frame.Kind, frame.Body, path);
                bool isIntact = visitor.IsIntact(frame.Kind, frame.Body);
                if (!isIntact && !WasLost(frame.Lsn, at))
                {
                    break;
                }

                Replay(frame, isIntact, at, visitor);
            }

            _bytesRead += frame.SizeBytes;
            groupEnded = frame.IsGroupLast;
            long next = at.Position + JournalFormat.AlignFrame(frame.SizeBytes);
            at = new JournalPosition(
                at.FileNumber, groupEnded ? JournalFormat.AlignBlock(next) : next, frame.Crc, frame.Lsn);
        }

        return (at, groupEnded);
    }

    /// <summary>Carries out an entry; one that counts only with those behind it, when they are there.</summary>
    private void Replay(JournalFrame frame, bool isIntact, JournalPosition at, IJournalVisitor visitor)
    {
        bool isLast = (frame.Flags & JournalFormat.EntryLast) != 0;
        if (!isLast)
        {
            _held.Add(at, frame, isIntact);
            return;
        }

        _entryCount += _held.Count + 1;
        _held.Replay(visitor);
        IJournalVisitor.Replay(visitor, frame.Kind, frame.Lsn, frame.Body, isIntact);
    }

    /// <summary>Says whether a group was begun at the end and not finished.</summary>
    private string? TornAt(string path, JournalPosition at, bool groupEnded) =>
        !groupEnded || IsBegun(_reader.At(at.Position, JournalFormat.FrameHeaderBytes), at) ? $"{Path.GetFileName(path)} at byte {at.Position}" : null;

    /// <summary>
    /// Whether the next frame was begun: two of the three things that tell it from bytes of an earlier use of the file are
    /// right, so that one of them may be damaged.
    /// </summary>
    private static bool IsBegun(ReadOnlySpan<byte> header, JournalPosition at)
    {
        if (header.Length < JournalFormat.FrameHeaderBytes)
        {
            return false;
        }

        int right = ReadUInt32LittleEndian(header) == JournalFormat.FrameMagic ? 1 : 0;
        right += ReadInt64LittleEndian(header[JournalFormat.FrameLsnAt..]) == NextLsn(at, header[JournalFormat.FrameKindAt]) ? 1 : 0;
        right += ReadUInt32LittleEndian(header[JournalFormat.FramePreviousCrcAt..]) == at.FrameCrc ? 1 : 0;
        return right >= 2;
    }

    /// <summary>Something durable was lost exactly when a frame behind the end vouches for more.</summary>
    private void RefuseIfLaterFramesVouchForMore(JournalPosition end)
    {
        if (VouchedUpTo(end, _reader) is var vouched && vouched > end.Lsn)
        {
            throw new CorruptLogException(
                PathOf(end.FileNumber) ?? PathOfNew(end.FileNumber), end.Position,
                $"entry {end.Lsn + 1} (entries up to {vouched} were durable)", "bytes that do not pass their checksum");
        }
    }

    /// <summary>Whether an entry that is not intact was durable, and no earlier recovery has cut it.</summary>
    private bool WasLost(long lsn, JournalPosition at)
    {
        // The frame that is being replayed lies in the other reader's memory: it must stay as it is.
        using var reader = new JournalFileReader(_disk, workers: null);
        return VouchedUpTo(at, reader) >= lsn && !WasCutAt(at, reader);
    }

    /// <summary>Whether an earlier recovery ended at this place: then the next file continues from it, and what lies behind never counted.</summary>
    private bool WasCutAt(JournalPosition at, JournalFileReader reader)
    {
        foreach ((long number, string path) in _files.Where(f => f.Number > at.FileNumber))
        {
            reader.Open(path, JournalFormat.BlockBytes);
            if (ContinuesFrom(reader, number, at) || (_held.Any && ContinuesFrom(reader, number, _held.Start)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Looks at every intact frame behind a place, whatever lies between.</summary>
    /// <returns>The entry up to which the first that vouches for more than the place says all were durable; else −1.</returns>
    private long VouchedUpTo(JournalPosition from, JournalFileReader reader)
    {
        foreach ((long number, string path) in _files)
        {
            if (number < from.FileNumber || (number > from.FileNumber && IsUnused(path, number)))
            {
                continue;
            }

            long position = number == from.FileNumber ? from.Position : 0;
            reader.Open(path, position);
            for (; (position = FindFrame(reader, position)) >= 0; position += JournalFormat.FrameAlignmentBytes)
            {
                if (reader.TryOpenFrame(position, number, out JournalFrame frame) && frame.DurableUpTo > from.Lsn)
                {
                    return frame.DurableUpTo;
                }
            }
        }

        return -1;
    }

    /// <returns>The first place at or behind a position where a frame may begin; −1 when there is none.</returns>
    private static long FindFrame(JournalFileReader file, long position)
    {
        Span<byte> magic = stackalloc byte[sizeof(uint)];
        WriteUInt32LittleEndian(magic, JournalFormat.FrameMagic);
        while (file.At(position, magic.Length) is var bytes && bytes.Length >= magic.Length)
        {
            int found = bytes.IndexOf(magic);
            if (found < 0)
            {
                // Its first bytes may be the last ones at hand.
                position += bytes.Length - (magic.Length - 1);
                continue;
            }

            position += found;
            if (position % JournalFormat.FrameAlignmentBytes == 0)
            {
                return position;
            }

            position++;
        }

        return -1;
    }

    private void SyncAll()
    {
        foreach ((_, string path) in _files)
        {
            using IDiskFile file = _disk.Open(path, FileOpening.Existing);
            file.SyncData();
        }
    }

    private string PathOfNew(long number) => Path.Combine(_directory, JournalFormat.FileName(number));

    private string? PathOf(long number)
    {
        foreach ((long candidate, string path) in _files)
        {
            if (candidate == number)
            {
                return path;
            }
        }

        return null;
    }
}
