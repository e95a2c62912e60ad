using Broker.Checker.Histories;
using Broker.Checker.Reports;
using Broker.Client;
using Broker.EndToEnd.Harness;
using Findings = Broker.EndToEnd.Faults.Findings;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>
/// Clients that need more than an ack: transactions over several partitions, records made from records, readers of it all. All that
/// they do is in a history, which the checker judges at the end; it knows nothing of the broker.
/// </summary>
/// <remarks>
/// A run has a fleet, with topics of its own, for some lives of the broker at a time: what the checker needs is bounded by that,
/// whatever the length of the run, and what is wrong is found while it goes on.
/// </remarks>
internal sealed class ExactlyOnceFleet : IAsyncDisposable
{
    /// <summary>Some 25,000 calls: a gigabyte would be forty times as many.</summary>
    public const int LivesOfSection = 25;

    private const string Transform = "transform", Processor = "processor";

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(15);

    private readonly BrokerProcess _broker;
    private readonly string _directory, _path;
    private readonly HistoryTopics _topics;
    private readonly HistoryWriter _history;
    private readonly ClientSettings _settings;
    private readonly StagingClient _stager;
    private readonly HistoryClient[] _clients;
    private readonly KilledClients _killed;
    private readonly HistoryProcess _asker;

    private ExactlyOnceFleet(BrokerProcess broker, string server, long seed, int section, string directory)
    {
        (_broker, _directory, _path) = (broker, directory, Path.Combine(directory, "harness.jsonl"));
        _topics = new HistoryTopics(section);
        _history = HistoryWriter.Create(_path, _topics.Header(seed));
        _settings = new ClientSettings(server, _topics, _history, ProcessNumbers.OfHarness(), seed, new ClientTally());
        _asker = new HistoryProcess(_settings);
        _stager = new StagingClient(_settings, "stager");
        _clients =
        [
            new TransferClient(_settings, "transfer-1", Pace), new TransferClient(_settings, "transfer-2", Pace),
            new TransferClient(_settings, "committer", TimeSpan.Zero),
            new TransformClient(_settings, Transform, sourcePartition: 0), new ProcessorClient(_settings, Processor, sourcePartition: 2),
            new FeederClient(_settings, "feeder", isNamed: false), new FeederClient(_settings, "named-feeder", isNamed: true),
            new ReaderClient(_settings, "reader", seeks: false), new ReaderClient(_settings, "seeker", seeks: true),
        ];
        _killed = new KilledClients(_settings, section, directory);
    }

    /// <summary>Transactions that have asked to be committed and have no answer.</summary>
    public int CommitsUnderWay => _settings.Tally.CommitsUnderWay;

    /// <param name="server">Where the clients connect to in place of the broker.</param>
    /// <param name="section">Which part of the run it is for, from 0 on.</param>
    /// <param name="directory">For the history; empty.</param>
    public static async Task<ExactlyOnceFleet> StartAsync(BrokerProcess broker, string server, long seed, int section, string directory)
    {
        Directory.CreateDirectory(directory);
        var fleet = new ExactlyOnceFleet(broker, server, seed, section, directory);
        await using BrokerClient client = fleet.Direct();
        await fleet._topics.CreateAsync(client);
        Array.ForEach(fleet._clients, each => each.Start());
        fleet._killed.Start();
        return fleet;
    }

    /// <summary>Sees that there is a transaction whose records the broker holds, and that nobody commits before the broker's end.</summary>
    /// <returns>How many are open.</returns>
    public async Task<int> StageAsync()
    {
        TransactionId staged = await _stager.StageAsync();
        await using BrokerClient client = Direct();
        IReadOnlyList<OpenTransaction> open = await client.Admin.ListTransactionsAsync();
        return open.Any(each => each.ProducerId == staged.ProducerId && each.Number == staged.Number) ? open.Count : 0;
    }

    /// <summary>After a start of the broker: tries to commit what was staged, and asks where everything is.</summary>
    public async Task AskAsync()
    {
        await _stager.CommitAsync();
        await using BrokerClient client = Direct();
        await AskAsync(client);
    }

    /// <summary>Ends all clients, reads everything, and has the checker judge it.</summary>
    public async Task<ExactlyOnceReport> StopAndJudgeAsync(Findings findings)
    {
        await _killed.StopAsync();
        await Task.WhenAll(_clients.Select(client => client.StopAsync()));
        await _stager.CommitAsync();
        await using (BrokerClient client = Direct())
        {
            // A commit of a killed one that is still on its way is decided by this.
            foreach (string name in (string[])[ClientsCommand.Stager, ClientsCommand.Transfer, ClientsCommand.Transform])
            {
                await using HistoryProducer _ = await HistoryProducer.OpenAsync(_settings, client, name, CancellationToken.None);
            }

            await DrainAsync(client, await AskAsync(client));
        }

        _history.Flush();
        string path = Path.Combine(_directory, "history.jsonl");
        HistoryMerge.Write(path, _topics.Header(_settings.Seed), [new HistoryPart(_path), .. _killed.Parts]);
        var verdict = new Verdict(HistoryReader.Read(path), new Policy { Also = new HashSet<string> { Policy.Undrained } });
        if (!verdict.IsGood)
        {
            using var text = new StringWriter();
            TextReport.Write(text, path, verdict);
            findings.Add($"history-{verdict.Words.Replace(' ', '-')}", text.ToString());
        }

        return ExactlyOnceReport.Of(verdict, _settings.Tally.ZombiesFenced, _killed.Kills);
    }

    public async ValueTask DisposeAsync()
    {
        await _killed.DisposeAsync();
        foreach (HistoryClient client in _clients.Append(_stager))
        {
            await client.DisposeAsync();
        }

        _history.Dispose();
    }

    /// <summary>Past the relay.</summary>
    private BrokerClient Direct() => new(new BrokerClientOptions
    {
        Server = _broker.Server,
        ClientId = "asker",
        FirstContactTimeout = TimeSpan.FromSeconds(30),
    });

    private async Task<PartitionEnds[]> AskAsync(BrokerClient client)
    {
        HistoryEvent call = _asker.Invoke(Function.ListOffsets);
        var ends = new List<PartitionEnds>();
        foreach (string topic in _topics.All)
        {
            IReadOnlyList<PartitionOffset> first = await client.Admin.ListOffsetsAsync(topic, StartAt.Earliest);
            IReadOnlyList<PartitionOffset> last = await client.Admin.ListOffsetsAsync(topic, StartAt.Latest);
            ends.AddRange(first.Join(
                last, each => each.Partition, each => each.Partition,
                (start, end) => new PartitionEnds(_topics.KeyOf(topic, start.Partition), start.Offset, end.Offset)));
        }

        ServerInfo server = await client.Admin.GetServerInfoAsync();
        _asker.Complete(call with { Ends = [.. ends], Incarnation = (long)server.Incarnation }, EventKind.Ok);
        (string Group, int Partition)[] groups = [(Transform, 0), (ClientsCommand.Transform, ClientsCommand.SourcePartition), (Processor, 2)];
        foreach ((string group, int partition) in groups)
        {
            await GroupOffsets.FetchAsync(_topics, client, _asker, group, [_topics.KeyOf(_topics.Orders, partition)]);
        }

        return [.. ends];
    }

    private async Task DrainAsync(BrokerClient client, PartitionEnds[] ends)
    {
        var drainer = new HistoryProcess(_settings);
        drainer.Assign([.. ends.Select(each => new PartitionPosition(each.Key, each.LogStart))]);
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topics = _topics.All, StopAtEnd = true });
        await foreach (ConsumedBatch batch in consumer.ReadBatchesAsync())
        {
            HistoryEvent call = drainer.Invoke(Function.Poll);
            drainer.Complete(call with { Polls = [.. _topics.Polled(batch)] }, EventKind.Ok);
        }
    }
}
