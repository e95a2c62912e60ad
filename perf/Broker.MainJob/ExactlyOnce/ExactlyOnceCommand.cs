using System.CommandLine;
using Broker.Cli.Commands;
using Broker.EndToEnd.Harness;

namespace Broker.MainJob.ExactlyOnce;

/// <summary>The measurements of perf/exactly-once.</summary>
internal static class ExactlyOnceCommand
{
    private const int PairsDefault = 15;

    public static Command Build() => new("perf/exactly-once", "What exactly once costs, and what many producers and open transactions do to a broker")
    {
        Paired("transactions", "Transactions of 1,000 records of 8 producers against the same producers without", (broker, pairs) => new TransactionRounds(broker).RunAsync(pairs)),
        Paired("process", "Read, process and write exactly once against consuming and producing", (broker, pairs) => new ProcessRounds(broker).RunAsync(pairs)),
        Paired("idempotence", "The broker's processor time for batches with a producer id against batches without", (broker, pairs) => new IdempotenceRounds(broker).RunAsync(pairs)),
        Single("small", "Transactions of 10 records over 4 partitions: one client alone, then 64", broker => new SmallTransactions(broker).RunAsync()),
        Single("process-latency", "10,000 records a second through a processor: from the sending of the input until the output is read", broker => new ProcessLatency(broker).RunAsync()),
        Single("open", "What 1,000 open transactions, half of them aborted, do to another producer and to a reader", broker => new OpenTransactions(broker).RunAsync()),
        Single("producers", "Memory and recovery with 1,000,000 producers and 100,000 offsets", broker => new ManyProducers(broker).RunAsync()),
    };

    private static Command Single(string name, string description, Func<BrokerProcess, Task<int>> run)
    {
        var command = new Command(name, description);
        command.SetAction((parsed, _) => Program.RunAsync(parsed, directory => OnBrokerAsync(directory, run)));
        return command;
    }

    private static Command Paired(string name, string description, Func<BrokerProcess, int, Task<int>> run)
    {
        Option<int?> pairs = CommonOptions.Number("--pairs", $"Pairs of rounds, one with and one without (default: {PairsDefault})", "N", min: 1);
        var command = new Command(name, description) { pairs };
        command.SetAction((parsed, _) => Program.RunAsync(
            parsed, directory => OnBrokerAsync(directory, broker => run(broker, parsed.GetValue(pairs) ?? PairsDefault))));
        return command;
    }

    private static async Task<int> OnBrokerAsync(string directory, Func<BrokerProcess, Task<int>> run)
    {
        await using var broker = new BrokerProcess(directory, "--retention.check_interval=500ms");
        await broker.StartAsync();
        return await run(broker);
    }
}
