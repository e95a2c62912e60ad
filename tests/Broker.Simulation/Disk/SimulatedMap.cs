using Broker.Storage.Files;

namespace Broker.Simulation.Disk;

/// <summary>A map of which some pages would have to be read from the device.</summary>
internal sealed class SimulatedMap(FileMap map) : FileMap
{
    public override int Length => map.Length;

    public override Span<byte> GetSpan() => map.GetSpan();

    public override bool IsResident(int position, int count) => (position / 4096) % 3 != 0;

    protected override void Dispose(bool disposing) => map.Unmap();
}
