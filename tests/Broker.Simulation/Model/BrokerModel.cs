namespace Broker.Simulation.Model;

/// <summary>What the broker was told and what it answered, kept outside it. Written without looking at the engine's code.</summary>
internal sealed class BrokerModel
{
    public List<TopicModel> Topics { get; } = [];

    public List<ProducerModel> Producers { get; } = [];

    /// <summary>Every transaction that was committed, in order.</summary>
    public List<CommitModel> Commits { get; } = [];

    /// <summary>Groups that commit offsets.</summary>
    public IReadOnlyList<string> Groups { get; } = ["g0", "g1"];

    /// <summary>What was decided before the last time that nothing was done for long: producers may be known by their last batch alone.</summary>
    public long IdleAtLsn { get; set; }

    /// <summary>Everything up to this entry was acked or visible: it may never be lost.</summary>
    public long MustSurvive { get; private set; }

    /// <summary>Topics whose deletion was not asked for.</summary>
    public List<TopicModel> Living => Topics.FindAll(t => t.DeletedLsn == long.MaxValue);

    public List<PartitionModel> Partitions => [.. Living.SelectMany(t => t.Partitions)];

    public ProducerModel? FindProducer(long id) => Producers.Find(p => p.Id == id);

    public void Saw(long visibleLsn) => MustSurvive = Math.Max(MustSurvive, visibleLsn);

    /// <summary>The broker came back at an entry: what it had not acked behind that never happened.</summary>
    public void Rollback(long lsn)
    {
        CommitModel? torn = Commits.Find(c => c.FirstLsn <= lsn && lsn < c.Lsn);
        Checks.Expect(torn is null, $"The broker came back at entry {lsn}, in the middle of transaction {torn}.");
        Commits.RemoveAll(c => c.Lsn > lsn);
        Topics.RemoveAll(t => t.CreatedLsn > lsn || t.DeletedLsn <= lsn);
        foreach (TopicModel topic in Topics)
        {
            topic.DeletedLsn = long.MaxValue;
            topic.Partitions.RemoveAll(p => p.CreatedLsn > lsn);
            topic.Partitions.ForEach(p => p.Rollback(lsn));
        }

        Producers.RemoveAll(p => p.GivenLsn > lsn);
        Producers.ForEach(p => p.Rollback(lsn));
    }
}
