namespace Broker.Client.Testing.Disk;

/// <summary>
/// The bytes of one file, twice: as the page cache has them, and as they would be found after a power cut. Sectors of 512
/// bytes are written whole or not at all.
/// </summary>
internal sealed class MemoryBytes
{
    private const int SectorBytes = 512;
    private const int SectorsPerPage = 8;

    private byte[] _cached = [];
    private byte[] _durable = [];
    private SectorState[] _sectors = [];
    private int _durableLength;

    private enum SectorState : byte
    {
        /// <summary>Cache and device agree.</summary>
        Clean,

        /// <summary>Written, not synced.</summary>
        Dirty,

        /// <summary>A sync failed: the cache holds the new bytes and calls them clean, the device never got them.</summary>
        Forgotten,
    }

    public int Length { get; private set; }

    public bool IsDirty => _durableLength != Length || Array.IndexOf(_sectors, SectorState.Dirty) >= 0;

    /// <summary>As read through the page cache; may be longer than the file.</summary>
    public Span<byte> Cached => _cached;

    public MemoryBytes Clone() => new()
    {
        _cached = (byte[])_cached.Clone(),
        _durable = (byte[])_durable.Clone(),
        _sectors = (SectorState[])_sectors.Clone(),
        _durableLength = _durableLength,
        Length = Length,
    };

    public int Read(long position, Span<byte> buffer)
    {
        int count = (int)Math.Clamp(Length - position, 0, buffer.Length);
        _cached.AsSpan((int)Math.Min(position, Length), count).CopyTo(buffer);
        return count;
    }

    /// <summary>Past the cache. The kernel writes dirty pages back before such a read, so only forgotten sectors differ.</summary>
    public int ReadFromDevice(long position, Span<byte> buffer)
    {
        int count = Read(position, buffer);
        for (int sector = (int)position / SectorBytes; sector * SectorBytes < position + count; sector++)
        {
            if (_sectors[sector] == SectorState.Forgotten)
            {
                int from = (int)Math.Max(position, sector * SectorBytes);
                int to = (int)Math.Min(position + count, (sector + 1) * SectorBytes);
                _durable.AsSpan(from, to - from).CopyTo(buffer[(int)(from - position)..]);
            }
        }

        return count;
    }

    public void Write(long position, ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        int end = (int)position + bytes.Length;
        Reserve(end);
        bytes.CopyTo(_cached.AsSpan((int)position));
        Length = Math.Max(Length, end);
        int first = (int)position / SectorBytes;
        int last = (end - 1) / SectorBytes;
        Array.Fill(_sectors, SectorState.Dirty, first, last - first + 1);

        // The cache writes back whole pages: what was forgotten in one that is touched again is written with it.
        int pageEnd = Math.Min(_sectors.Length, (last / SectorsPerPage * SectorsPerPage) + SectorsPerPage);
        for (int sector = first / SectorsPerPage * SectorsPerPage; sector < pageEnd; sector++)
        {
            if (_sectors[sector] == SectorState.Forgotten)
            {
                _sectors[sector] = SectorState.Dirty;
            }
        }
    }

    public void SetLength(int length)
    {
        Reserve(length);
        if (length < Length)
        {
            _cached.AsSpan(length, Length - length).Clear();
        }

        Length = length;
    }

    public void Sync()
    {
        for (int sector = 0; sector < _sectors.Length; sector++)
        {
            if (_sectors[sector] == SectorState.Dirty)
            {
                Keep(sector);
            }
        }

        _durableLength = Length;
    }

    /// <summary>A sync that failed: some of it reached the device, the rest never will, and the next sync succeeds.</summary>
    public void FailSync(Chance chance)
    {
        for (int sector = 0; sector < _sectors.Length; sector++)
        {
            if (_sectors[sector] == SectorState.Dirty)
            {
                if (chance.Percent(30))
                {
                    Keep(sector);
                }
                else
                {
                    _sectors[sector] = SectorState.Forgotten;
                }
            }
        }
    }

    /// <summary>Each sector that was not synced is kept or lost; so is a change of length.</summary>
    /// <param name="chance">Null loses them all.</param>
    public void CutPower(Chance? chance)
    {
        int keptPercent = chance?.Pick([0, 10, 50, 50, 90, 100]) ?? 0;
        for (int sector = 0; sector < _sectors.Length; sector++)
        {
            if (_sectors[sector] == SectorState.Dirty && chance is not null && chance.Percent(keptPercent))
            {
                Keep(sector);
            }

            _sectors[sector] = SectorState.Clean;
        }

        if (Length != _durableLength && chance is not null && chance.Percent(Math.Max(keptPercent, 20)))
        {
            int least = Math.Min(Length, _durableLength);
            _durableLength = chance.Percent(50) ? Length : least + chance.Below(Math.Max(Length, _durableLength) - least + 1);
        }

        _durable.AsSpan(_durableLength).Clear();
        _durable.CopyTo(_cached, 0);
        Length = _durableLength;
    }

    /// <summary>Damages both, as a bad disk does.</summary>
    public void Flip(int position, byte mask)
    {
        _cached[position] ^= mask;
        _durable[position] ^= mask;
    }

    public void Shorten(int length)
    {
        SetLength(length);
        _durable.AsSpan(length).Clear();
        _durableLength = length;
    }

    private void Keep(int sector)
    {
        _cached.AsSpan(sector * SectorBytes, SectorBytes).CopyTo(_durable.AsSpan(sector * SectorBytes));
        _sectors[sector] = SectorState.Clean;
    }

    private void Reserve(int length)
    {
        if (length > _cached.Length)
        {
            int sectors = ((Math.Max(length, 2 * _cached.Length) + SectorBytes - 1) / SectorBytes);
            Array.Resize(ref _cached, sectors * SectorBytes);
            Array.Resize(ref _durable, sectors * SectorBytes);
            Array.Resize(ref _sectors, sectors);
        }
    }
}
