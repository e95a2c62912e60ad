using Broker.EndToEnd.Harness;
using Broker.Protocol.V1;
using Grpc.Net.Client;

namespace Broker.EndToEnd.Faults.Schedules;

/// <summary>
/// Has many producers send their batches in any order, again and again, over several streams: each order of a whole window, and
/// schedules drawn at random. Then the broker is killed and started, and all of it is sent once more.
/// </summary>
/// <param name="schedules">Drawn ones.</param>
internal sealed class ScheduleRun(int schedules, long seed, string dataDirectory, Action<string> print)
{
    // As many schedules at a time, each in a partition of its own.
    private const int Clients = 8;

    // The smallest that a broker takes, so that many a repetition comes too late for it.
    private const int Window = 5;

    private const string TopicName = "log";

    private static readonly TimeSpan ReadMax = TimeSpan.FromMinutes(1);

    public async Task<ScheduleReport> RunAsync()
    {
        print($"seed {seed}");
        await using var broker = new BrokerProcess(
            dataDirectory, [.. LoadFleet.SmallFiles, $"--producer.window_batches={Window}"]);
        await broker.StartAsync();
        Topic topic = await CreateTopicAsync(broker.Server);
        Schedule[] all = [.. Schedule.Permutations(Window), .. Enumerable.Range(0, schedules).Select(Draw)];
        ScheduleHistory[] histories = await EachAsync(
            broker.Server, topic, firstStream: 0, all.Length, (client, number) => client.RunAsync(all[number], number));
        print($"{all.Length:N0} schedules done");
        Findings findings = await CheckAsync(broker, histories);
        if (!findings.Any)
        {
            await broker.KillAsync();
            await broker.StartAsync();
            await EachAsync(broker.Server, topic, firstStream: Schedule.Streams, all.Length, async (client, number) =>
            {
                await client.RepeatAsync(histories[number]);
                return histories[number];
            });
            print("all of it sent again after a kill");
            findings = await CheckAsync(broker, histories);
        }

        return ScheduleReport.Of(schedules, seed, histories, findings);
    }

    private static async Task<Topic> CreateTopicAsync(string server)
    {
        using var channel = GrpcChannel.ForAddress($"http://{server}");
        var request = new CreateTopicRequest { Name = TopicName, PartitionCount = Clients };
        return (await new AdminService.AdminServiceClient(channel).CreateTopicAsync(request)).Topic;
    }

    /// <summary>Shares the schedules out among the clients.</summary>
    private static async Task<ScheduleHistory[]> EachAsync(
        string server, Topic topic, int firstStream, int count, Func<ScheduleClient, int, Task<ScheduleHistory>> run)
    {
        var histories = new ScheduleHistory[count];
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async partition =>
        {
            await using var client = new ScheduleClient(server, topic, partition, firstStream);
            for (int number = partition; number < count; number += Clients)
            {
                histories[number] = await run(client, number);
            }
        }));
        return histories;
    }

    private static async Task<Findings> CheckAsync(BrokerProcess broker, ScheduleHistory[] histories)
    {
        using var timeout = new CancellationTokenSource(ReadMax);
        LogName[] names = [.. Enumerable.Range(0, Clients).Select(partition => new LogName(TopicName, partition))];
        IReadOnlyList<LogContent> logs = await LogReader.ReadAllAsync(broker.Server, names, timeout.Token);
        var findings = new Findings();
        foreach (LogContent log in logs)
        {
            ILookup<int, ReadBack> records = log.Records.ToLookup(record => ScheduleHistory.NumberOf(SentRecord.Parse(record.Value).Process));
            foreach (ScheduleHistory history in histories.Where(history => history.Log == log.Name))
            {
                new ScheduleJudge(history, Window, findings).Check(records[history.Number]);
            }

            foreach (ReadBack record in records.Where(each => each.Key < 0 || each.Key >= histories.Length || histories[each.Key].Log != log.Name).SelectMany(each => each))
            {
                findings.Add("fabricated", $"{log.Name} holds {record}, which was never sent there");
            }
        }

        if (broker.Output.Contains(" ERR ", StringComparison.Ordinal) || broker.Output.Contains(" FTL ", StringComparison.Ordinal))
        {
            findings.Add("broker-error", broker.Output);
        }

        return findings;
    }

    private Schedule Draw(int number) => Schedule.Draw(new Random(unchecked(((int)seed * 397) ^ number)));
}
