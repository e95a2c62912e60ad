using Broker.Storage.Files;

namespace Broker.Simulation.Disk;

/// <summary>Sees what is written to the file, as a shared mapping does.</summary>
internal sealed class SimulatedMap(SimulatedBytes bytes, int length) : FileMap
{
    private bool _unmapped;

    public override int Length => length;

    public override Span<byte> GetSpan()
    {
        ObjectDisposedException.ThrowIf(_unmapped, this);
        return bytes.Cached(length).AsSpan(0, length);
    }

    public override bool IsResident(int position, int count) => (position / 4096) % 3 != 0;

    protected override void Dispose(bool disposing) => _unmapped = true;
}
