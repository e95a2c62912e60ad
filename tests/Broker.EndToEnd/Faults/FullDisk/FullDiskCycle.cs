namespace Broker.EndToEnd.Faults.FullDisk;

/// <summary>A disk that became full and had space again, under a broker that lived on.</summary>
/// <param name="Acks">Records acked before it was full.</param>
/// <param name="Refused">Batches that the broker refused for want of space.</param>
/// <param name="FailedSends">Sends of the impatient producer that ended with an error.</param>
/// <param name="Waited">Whether accepted records waited for space: the disk had refused a write of the broker.</param>
/// <param name="FreeBytes">What was left at the fullest.</param>
/// <param name="ReadBack">Records that a new consumer read while it was full.</param>
/// <param name="FullMs">How long it was full.</param>
/// <param name="ResumeMs">From the relief until each producer had an ack for a record again.</param>
internal sealed record FullDiskCycle(
    int Cycle, Approach Approach, Relief Relief, int Acks, int Refused, int FailedSends, bool Waited, long FreeBytes, int ReadBack, double FullMs,
    double ResumeMs)
{
    public override string ToString() =>
        $"cycle {Cycle,3}: {Approach,-6} {Relief,-9} {Acks,7:N0} acks, {FreeBytes,10:N0} B left, {Refused,4:N0} batches refused, {FailedSends,5:N0} sends failed, "
        + $"{(Waited ? "writes failed" : "no write failed"),-15}, {ReadBack,7:N0} read while full for {FullMs,5:F0} ms, sends go on {ResumeMs,5:F0} ms after";
}
