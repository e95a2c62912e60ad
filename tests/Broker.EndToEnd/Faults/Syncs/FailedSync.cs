namespace Broker.EndToEnd.Faults.Syncs;

/// <summary>One life of a broker that ended with a sync that failed.</summary>
/// <param name="When">Which sync of a thread failed, from 1.</param>
/// <param name="File">What was synced.</param>
/// <param name="Acks">Records acked in this life.</param>
/// <param name="InFlight">Sends without an answer when it failed.</param>
/// <param name="LateAcks">Acks that came when all that had been under way before had long arrived.</param>
/// <param name="ExitMs">From the failure to the end of the process.</param>
internal sealed record FailedSync(int Run, int When, string File, int Acks, int InFlight, int LateAcks, double ExitMs, int ExitCode)
{
    public override string ToString() =>
        $"run {Run,3}: sync {When,3} of a thread failed ({File}), {Acks,6:N0} acks before, {InFlight,5:N0} in flight, {LateAcks} after; "
        + $"exit code {ExitCode} {ExitMs,4:F0} ms later";
}
