using Broker.Client;

namespace Broker.EndToEnd.Faults.Points;

/// <summary>
/// The same work each time: topics made, first appends, segments begun, freed by retention and used again, two checkpoints. It goes
/// on over a restart of the broker in the middle of it.
/// </summary>
internal sealed class ScriptedLoad(string server)
{
    private const int Process = 1, Rounds = 16, RecordsPerRound = 400;

    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(20);

    public static readonly LogName Kept = new("kept", 0), Churned = new("churned", 0);

    private readonly List<SentRecord> _records = [];

    public IReadOnlyDictionary<int, IReadOnlyList<SentRecord>> Sent => new Dictionary<int, IReadOnlyList<SentRecord>> { [Process] = _records };

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var client = new BrokerClient(new BrokerClientOptions
        {
            Server = server,
            ClientId = "script",
            FirstContactTimeout = TimeSpan.FromSeconds(60),
            ReconnectBackoff = TimeSpan.FromMilliseconds(10),
            ReconnectBackoffMax = TimeSpan.FromMilliseconds(50),
            RandomSeed = Process,
        });
        await CreateAsync(client, Kept, new Dictionary<string, string>(), cancellationToken);
        await CreateAsync(client, Churned, new Dictionary<string, string> { ["retention.bytes"] = (256 << 10).ToString() }, cancellationToken);
        await using Producer producer = client.CreateProducer(new ProducerOptions { BatchSizeBytes = 32 * 1024 });
        for (int round = 0; round < Rounds; round++)
        {
            var acks = new List<Task>();
            for (int each = 0; each < RecordsPerRound; each++)
            {
                acks.Add(SendAsync(producer, new SentRecord(Process, _records.Count, each % 2 == 0 ? Kept : Churned)));
            }

            await Task.WhenAll(acks).WaitAsync(cancellationToken);
        }
    }

    /// <summary>A call that a crash cut off may have done its work.</summary>
    private static async Task CreateAsync(
        BrokerClient client, LogName log, Dictionary<string, string> config, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await client.Admin.CreateTopicAsync(log.Topic, partitionCount: 1, config, cancellationToken: cancellationToken);
                return;
            }
            catch (BrokerException error) when (error.Reason == "TOPIC_ALREADY_EXISTS")
            {
                return;
            }
            catch (BrokerException error) when (!error.IsDefinite || error.IsRetriable)
            {
                await Task.Delay(RetryPause, cancellationToken);
            }
        }
    }

    private async Task SendAsync(Producer producer, SentRecord record)
    {
        _records.Add(record);
        try
        {
            RecordMetadata metadata = await producer.SendAsync(new ProducerRecord
            {
                Topic = record.Log.Topic,
                Partition = record.Log.Partition,
                Key = BitConverter.GetBytes(record.Value),
                Value = Payload.Create(record.Value),
            });
            record.Ack(metadata.Offset);
        }
        catch (BrokerException error)
        {
            record.Fail(error);
        }
    }
}
