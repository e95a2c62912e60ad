using System.CommandLine;
using Broker.Cli.Commands;
using Broker.Client;
using Broker.EndToEnd.Harness;
using Broker.Records;

namespace Broker.MainJob;

/// <summary>
/// The main job through the public client: distinct records of 100 B produced durably over one connection, uncompressed,
/// and read back, each one decoded and counted. Client and broker share the machine.
/// </summary>
internal sealed class MainJobRun(int recordCount, int rounds, int partitions)
{
    private const int ValueBytes = 100;

    public static Command Command()
    {
        Option<int?> records = CommonOptions.Number("--records", "Records of each round (default: 3,000,000)", "N", min: 1);
        Option<int?> rounds = CommonOptions.Number("--rounds", "Rounds, each with a topic of its own (default: 3)", "N", min: 1);
        Option<int?> partitions = CommonOptions.Number("--partitions", "Partitions of each topic (default: 4)", "N", min: 1);
        var command = new Command("perf/main-job", "Records of 100 B through the client, durable, one connection, uncompressed, and back") { records, rounds, partitions };
        command.SetAction((parsed, _) => Program.RunAsync(
            parsed, new MainJobRun(parsed.GetValue(records) ?? 3_000_000, parsed.GetValue(rounds) ?? 3, parsed.GetValue(partitions) ?? 4).RunAsync));
        return command;
    }

    private async Task<int> RunAsync(string directory)
    {
        Console.WriteLine($"{recordCount:N0} distinct records of {ValueBytes} B, {partitions} partitions, one connection, durable, uncompressed");
        await using var broker = new BrokerProcess(directory);
        await broker.StartAsync();
        await using var client = new BrokerClient(broker.Server);
        bool isComplete = true;
        for (int round = 1; round <= rounds; round++)
        {
            // The files of the topic before are reused: from the second round on they are warm.
            string topic = $"main-job-{round}";
            await client.Admin.CreateTopicAsync(topic, partitions);
            Usage produced = await Usage.MeasureAsync(broker, () => ProduceAsync(broker.Server, topic));
            var records = new RecordSet(recordCount);
            Usage consumed = await Usage.MeasureAsync(broker, () => ConsumeAsync(broker.Server, topic, records));
            Console.WriteLine($"round {round} ({(round == 1 ? "fresh" : "reused")} files)");
            Console.WriteLine($"  produce  {produced.Describe(recordCount, ValueBytes)}");
            Console.WriteLine($"  consume  {consumed.Describe(recordCount, ValueBytes)}");
            if (!records.IsComplete)
            {
                Console.WriteLine($"  {records.Distinct:N0} distinct of {records.Count:N0} records came back");
                isComplete = false;
            }

            await client.Admin.DeleteTopicAsync(topic);
        }

        return isComplete ? 0 : 1;
    }

    private async Task ProduceAsync(string server, string topic)
    {
        await using var client = new BrokerClient(server);
        await using Producer producer = client.CreateProducer(new ProducerOptions { Durability = Durability.Durable });
        byte[] value = new byte[ValueBytes];
        for (int number = 0; number < recordCount; number++)
        {
            RecordSet.Write(value, number);
            while (!producer.TrySend(topic, OptionalBytes.Null, value))
            {
                await producer.WaitForSpaceAsync();
            }
        }

        await producer.FlushAsync();
    }

    private static async Task ConsumeAsync(string server, string topic, RecordSet records)
    {
        await using var client = new BrokerClient(server);
        await using Consumer consumer = client.CreateConsumer(new ConsumerOptions { Topic = topic, StopAtEnd = true });
        await foreach (ConsumedBatch batch in consumer.ReadBatchesAsync())
        {
            foreach (RecordView record in batch.Records())
            {
                records.Add(record.Value.Span);
            }
        }
    }
}
