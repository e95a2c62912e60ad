namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>What the history does not tell: what clients are in the middle of, and what they did on purpose.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ClientTally
{
    private int _commitsUnderWay, _zombiesFenced;

    /// <summary>Transactions that have asked to be committed and have no answer.</summary>
    public int CommitsUnderWay => Volatile.Read(ref _commitsUnderWay);

    /// <summary>Instances whose name was taken over while they had a transaction open, and that were told so.</summary>
    public int ZombiesFenced => Volatile.Read(ref _zombiesFenced);

    public void BeginCommit() => Interlocked.Increment(ref _commitsUnderWay);

    public void EndCommit() => Interlocked.Decrement(ref _commitsUnderWay);

    public void NoteFencedZombie() => Interlocked.Increment(ref _zombiesFenced);
}
