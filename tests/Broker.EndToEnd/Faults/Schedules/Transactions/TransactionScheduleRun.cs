using Broker.EndToEnd.Harness;
using Broker.Protocol.V1;
using Grpc.Core;
using Grpc.Net.Client;

namespace Broker.EndToEnd.Faults.Schedules.Transactions;

/// <summary>
/// Has the calls of many producers' transactions come in any order and repeatedly: all orders of short scripts, and schedules drawn at
/// random. Then the broker is killed and started, every commit said again, and every outcome asked for.
/// </summary>
/// <param name="schedules">Drawn ones.</param>
internal sealed class TransactionScheduleRun(int schedules, long seed, string dataDirectory, Action<string> print)
{
    // As many schedules at a time, each in partitions of its own.
    private const int Clients = 8;

    private const string TopicName = "transactions";

    private static readonly TimeSpan ReadMax = TimeSpan.FromMinutes(1);

    public async Task<TransactionReport> RunAsync()
    {
        print($"seed {seed}");
        await using var broker = new BrokerProcess(dataDirectory, LoadFleet.SmallFiles);
        await broker.StartAsync();
        Topic topic = await CreateTopicAsync(broker.Server);
        TransactionSchedule[] all = [.. TransactionSchedule.Permutations(), .. Enumerable.Range(0, schedules).Select(Draw)];
        var histories = new TransactionHistory[all.Length];
        try
        {
            await EachAsync(broker.Server, topic, all.Length, async (client, number) => histories[number] = await client.RunAsync(all[number], number));
        }
        catch (RpcException)
        {
            print($"The run broke off. The broker's last words:\n{broker.Output}");
            throw;
        }

        print($"{all.Length:N0} transactional schedules done");
        Findings findings = await CheckAsync(broker, histories);
        if (!findings.Any)
        {
            await broker.KillAsync();
            await broker.StartAsync();
            await EachAsync(broker.Server, topic, all.Length, (client, number) => client.RepeatAsync(histories[number]));
            print("all commits said again after a kill");
            findings = await CheckAsync(broker, histories);
        }

        return TransactionReport.Of(schedules, seed, histories, findings);
    }

    private static async Task<Topic> CreateTopicAsync(string server)
    {
        using var channel = GrpcChannel.ForAddress($"http://{server}");
        var request = new CreateTopicRequest { Name = TopicName, PartitionCount = Clients * TransactionSchedule.Slots };
        return (await new AdminService.AdminServiceClient(channel).CreateTopicAsync(request)).Topic;
    }

    /// <summary>Shares the schedules out among the clients.</summary>
    private static Task EachAsync(string server, Topic topic, int count, Func<TransactionClient, int, Task> run) =>
        Task.WhenAll(Enumerable.Range(0, Clients).Select(async first =>
        {
            LogName[] logs = [.. Enumerable.Range(0, TransactionSchedule.Slots).Select(slot => new LogName(TopicName, (first * TransactionSchedule.Slots) + slot))];
            await using var client = new TransactionClient(server, topic, logs);
            for (int number = first; number < count; number += Clients)
            {
                await run(client, number);
            }
        }));

    private static async Task<Findings> CheckAsync(BrokerProcess broker, TransactionHistory[] histories)
    {
        using var timeout = new CancellationTokenSource(ReadMax);
        IReadOnlyList<LogContent> contents = await LogReader.ReadAllAsync(
            broker.Server, histories.SelectMany(history => history.Logs).Distinct(), timeout.Token);
        var findings = new Findings();
        Dictionary<LogName, ILookup<int, ReadBack>> logs = contents.ToDictionary(
            log => log.Name, log => log.Records.ToLookup(record => TransactionHistory.Parse(record.Value).Schedule));
        foreach (TransactionHistory history in histories)
        {
            new TransactionJudge(history, findings).Check([.. history.Logs.Select(log => logs[log][history.Number].ToArray())]);
        }

        int judged = histories.Sum(history => history.Logs.Sum(log => logs[log][history.Number].Count()));
        if (contents.Sum(log => log.Records.Count) is var read && read != judged)
        {
            findings.Add("fabricated", $"{read - judged} records are where no schedule wrote any");
        }

        if (broker.Output.Contains(" ERR ", StringComparison.Ordinal) || broker.Output.Contains(" FTL ", StringComparison.Ordinal))
        {
            findings.Add("broker-error", broker.Output);
        }

        return findings;
    }

    private TransactionSchedule Draw(int number) => TransactionSchedule.Draw(new Random(unchecked(((int)seed * 397) ^ number)));
}
