using System.Diagnostics;
using Broker.Client;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Faults.Points;

/// <summary>
/// The same work each time: topics made, first appends, segments begun, freed by retention and used again, two checkpoints. It goes
/// on over a restart of the broker in the middle of it.
/// </summary>
internal sealed class ScriptedLoad(string server)
{
    private const int ProcessNumber = 1, Rounds = 16, RecordsPerRound = 400;

    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(20);

    public static readonly LogName Kept = new("kept", 0), Churned = new("churned", 0);

    /// <summary>Settings with which the script meets everything that a broker does with files.</summary>
    public static readonly string[] SmallFiles =
    [
        "--journal.file_bytes=1MiB", "--journal.replay_bytes_max=2MiB", "--limits.batch_bytes=128KiB", "--limits.record_bytes=64KiB",
        "--limits.message_bytes=512KiB", "--retention.check_interval=100ms", "--topic_defaults.segment.bytes=256KiB",
        "--topic_defaults.max.message.bytes=64KiB", "--storage.reserve_bytes=16MiB", "--log.level=warning",
    ];

    private readonly List<SentRecord> _records = [];

    public IReadOnlyDictionary<int, IReadOnlyList<SentRecord>> Sent => new Dictionary<int, IReadOnlyList<SentRecord>> { [ProcessNumber] = _records };

    public int Acked => _records.Count(record => record.Outcome == SendOutcome.Acked);

    public int Refused => _records.Count(record => record.Outcome is SendOutcome.Refused or SendOutcome.Unknown);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var client = new BrokerClient(new BrokerClientOptions
        {
            Server = server,
            ClientId = "script",
            FirstContactTimeout = TimeSpan.FromSeconds(60),
            ReconnectBackoff = TimeSpan.FromMilliseconds(10),
            ReconnectBackoffMax = TimeSpan.FromMilliseconds(50),
            RandomSeed = ProcessNumber,
        });
        await CreateAsync(client, Kept, new Dictionary<string, string>(), cancellationToken);
        await CreateAsync(client, Churned, new Dictionary<string, string> { ["retention.bytes"] = (256 << 10).ToString() }, cancellationToken);
        await using Producer producer = client.CreateProducer(new ProducerOptions { BatchSizeBytes = 32 * 1024 });
        for (int round = 0; round < Rounds; round++)
        {
            var acks = new List<Task>();
            for (int each = 0; each < RecordsPerRound; each++)
            {
                acks.Add(SendAsync(producer, new SentRecord(ProcessNumber, _records.Count, each % 2 == 0 ? Kept : Churned)));
            }

            await Task.WhenAll(acks).WaitAsync(cancellationToken);
        }
    }

    /// <summary>When the script has ended: compares what was sent with the log, stops the broker and has its directory verified.</summary>
    /// <param name="mayRefuse">A send may have failed, because something had happened to the broker that it cannot mend by itself.</param>
    public async Task CheckAsync(BrokerProcess broker, Findings findings, CancellationToken cancellationToken, bool mayRefuse = false)
    {
        IReadOnlyList<LogContent> logs = await LogReader.ReadAllAsync(broker.Server, [Kept, Churned], cancellationToken);
        Findings history = new HistoryChecker { Impatient = mayRefuse ? [ProcessNumber] : [] }.Check(Sent, logs);
        foreach ((string kind, int count) in history.Counts)
        {
            findings.Add(kind, $"{count} times; {history.Examples.First(example => example.StartsWith(kind, StringComparison.Ordinal))}");
        }

        if (broker.Output.Contains(" ERR ", StringComparison.Ordinal) || broker.Output.Contains(" FTL ", StringComparison.Ordinal))
        {
            findings.Add("broker-error", broker.Output);
        }

        int code = await broker.StopAsync();
        if (code != 0)
        {
            findings.Add("unclean-stop", $"exit code {code}:\n{broker.Output}");
        }

        using Process verify = Process.Start(BrokerCommandLine.StartInfo("log", "verify", broker.DataDirectory))!;
        string said = await verify.StandardOutput.ReadToEndAsync(cancellationToken) + await verify.StandardError.ReadToEndAsync(cancellationToken);
        await verify.WaitForExitAsync(cancellationToken);
        if (verify.ExitCode != 0)
        {
            findings.Add("verify", said);
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
