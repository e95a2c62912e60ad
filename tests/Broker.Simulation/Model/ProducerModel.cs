using Broker.Engine.Producers;
using Broker.Simulation.Schedule;

namespace Broker.Simulation.Model;

/// <summary>A producer, and the entries by which it was opened.</summary>
internal sealed class ProducerModel(long id, string? name, long givenLsn, SimulatedTime time)
{
    private readonly List<long> _openedLsns = [];
    private DateTimeOffset _usedAt = time.GetUtcNow();

    public long Id => id;

    public string? Name => name;

    public long GivenLsn => givenLsn;

    /// <summary>Counts the times that its name was opened after the first.</summary>
    public int Epoch => Math.Max(0, _openedLsns.Count - 1);

    /// <returns>The epoch now.</returns>
    public int Open(long lsn)
    {
        _openedLsns.Add(lsn);
        return Epoch;
    }

    public void Use(SimulatedTime now) => _usedAt = now.GetUtcNow();

    /// <summary>Whether it may count as idle; the broker's clock is exact to a step of the simulation.</summary>
    public bool WasIdle(SimulatedTime now) => now.GetUtcNow() - _usedAt >= ProducerTable.IdleAfter;

    public void Rollback(long lsn) => _openedLsns.RemoveAll(opened => opened > lsn);
}
