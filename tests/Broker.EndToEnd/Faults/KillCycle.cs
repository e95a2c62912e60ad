namespace Broker.EndToEnd.Faults;

/// <summary>One life of the broker, ended by SIGKILL, and its return.</summary>
/// <param name="Acks">Records acked during this life.</param>
/// <param name="InFlight">Sends without an answer at the moment of the kill.</param>
/// <param name="Rolls">Segments begun during this life.</param>
/// <param name="Checkpoints">Checkpoints completed during this life.</param>
/// <param name="Duplicates">Acks that named the offset of an earlier attempt: sent again after the kill before this life.</param>
/// <param name="LifeMs">From ready to killed.</param>
/// <param name="RestartMs">From the start of the next process until it was ready.</param>
internal sealed record KillCycle(
    int Cycle, int Acks, int InFlight, int Rolls, int Checkpoints, int Duplicates, double LifeMs, double RestartMs)
{
    public const int AcksMin = 1_000;

    /// <summary>A cycle that showed nothing counts as failed.</summary>
    public bool IsGood => Acks >= AcksMin && InFlight > 0 && Rolls > 0 && Checkpoints > 0;

    public override string ToString() =>
        $"cycle {Cycle,3}: {Acks,7:N0} acks, {InFlight,5:N0} in flight at the kill, {Rolls,4} rolls, {Checkpoints,3} checkpoints, "
        + $"{Duplicates,5:N0} resent and found, lived {LifeMs,5:F0} ms, back in {RestartMs,5:F0} ms{(IsGood ? "" : "  FAILED")}";
}
