using System.CommandLine;
using System.Diagnostics;
using Broker.Cli.Commands;
using Broker.Client;
using Broker.EndToEnd.Harness;
using Broker.Records;

namespace Broker.MainJob;

/// <summary>
/// How long a broker is away after kill -9 at full load with a large log: from the start of the process until it has served
/// a fetch and an append. Killed when the journal's tail, which recovery replays, has reached its limit.
/// </summary>
internal sealed class RestartRun(int gib, int rounds, int tailMib)
{
    private const string Topic = "restart";
    private const int Partitions = 4, ValueBytes = 1024, Loaders = 2;

    private readonly long _tailBytes = (long)tailMib << 20;

    public static Command Command()
    {
        Option<int?> gib = CommonOptions.Number("--gib", "GiB of log before the first kill (default: 10)", "N", min: 1);
        Option<int?> rounds = CommonOptions.Number("--rounds", "Kills (default: 10)", "N", min: 1);
        Option<int?> tail = CommonOptions.Number("--tail", "MiB of journal that recovery may have to read (default: 256)", "MIB", min: 1);
        var command = new Command("perf/restart", "Kills a broker under full load, and measures how soon the next process answers") { gib, rounds, tail };
        command.SetAction((parsed, _) => Program.RunAsync(
            parsed, new RestartRun(parsed.GetValue(gib) ?? 10, parsed.GetValue(rounds) ?? 10, parsed.GetValue(tail) ?? 256).RunAsync));
        return command;
    }

    private async Task<int> RunAsync(string directory)
    {
        await using var broker = new BrokerProcess(directory, $"--journal.replay_bytes_max={_tailBytes}");
        await broker.StartAsync();
        await FillAsync(broker);
        var worst = (Fetch: TimeSpan.Zero, Append: TimeSpan.Zero);
        for (int round = 1; round <= rounds; round++)
        {
            using var probe = new ServiceProbe(broker.Server, Topic);
            await probe.AppendAsync();
            (double tailBytes, double logBytes) = await KillUnderLoadAsync(broker);
            long started = Stopwatch.GetTimestamp();
            broker.Launch();
            (TimeSpan fetch, TimeSpan append) = await probe.WaitAsync(started);
            using Process process = Process.GetProcessById(broker.ProcessId);
            double processorMs = process.TotalProcessorTime.TotalMilliseconds;
            double recoverySeconds = (await broker.MetricsAsync())["broker_recovery_seconds"];
            Console.WriteLine(
                $"round {round,2}: log {logBytes / (1 << 30):F1} GiB, journal tail {tailBytes / (1 << 20):F0} MiB at the kill; first fetch after "
                + $"{fetch.TotalMilliseconds:F0} ms, first append after {append.TotalMilliseconds:F0} ms (opening took {recoverySeconds * 1000:F0} ms; {processorMs:F0} ms of processor)");
            worst = (fetch > worst.Fetch ? fetch : worst.Fetch, append > worst.Append ? append : worst.Append);
        }

        Console.WriteLine($"worst of {rounds}: first fetch after {worst.Fetch.TotalMilliseconds:F0} ms, first append after {worst.Append.TotalMilliseconds:F0} ms");
        return 0;
    }

    private async Task FillAsync(BrokerProcess broker)
    {
        long started = Stopwatch.GetTimestamp();
        await using var client = new BrokerClient(broker.Server);
        await client.Admin.CreateTopicAsync(Topic, Partitions);
        long records = ((long)gib << 30) / ValueBytes;
        await ProduceAsync(client, records, CancellationToken.None);
        Console.WriteLine($"filled with {gib} GiB in {Stopwatch.GetElapsedTime(started).TotalSeconds:F0} s");
    }

    /// <returns>Journal tail and log, as the broker said last.</returns>
    private async Task<(double TailBytes, double LogBytes)> KillUnderLoadAsync(BrokerProcess broker)
    {
        // Without what the last recovery has left to checkpoint.
        Metrics metrics = await broker.MetricsAsync();
        while (metrics["broker_journal_tail_bytes"] >= _tailBytes)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
            metrics = await broker.MetricsAsync();
        }

        using var stop = new CancellationTokenSource();
        await using var client = new BrokerClient(broker.Server);
        Task load = Task.WhenAll(Enumerable.Range(0, Loaders).Select(_ => Task.Run(() => LoadAsync(client, stop.Token))));
        while (metrics["broker_journal_tail_bytes"] < _tailBytes)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(1));
            metrics = await broker.MetricsAsync();
        }

        await broker.KillAsync();
        await stop.CancelAsync();
        await load;
        return (metrics["broker_journal_tail_bytes"], metrics["broker_log_bytes"]);
    }

    private static async Task LoadAsync(BrokerClient client, CancellationToken stop)
    {
        try
        {
            await ProduceAsync(client, long.MaxValue, stop);
        }
        catch (Exception e) when (e is OperationCanceledException or BrokerException)
        {
            // The broker was killed under it, as it should be.
        }
    }

    private static async Task ProduceAsync(BrokerClient client, long records, CancellationToken stop)
    {
        await using Producer producer = client.CreateProducer(new ProducerOptions { BatchSizeBytes = 256 * 1024, CloseTimeout = TimeSpan.Zero });
        byte[] value = new byte[ValueBytes];
        for (long number = 0; number < records; number++)
        {
            RecordSet.Write(value, (int)number);
            while (!producer.TrySend(Topic, OptionalBytes.Null, value))
            {
                await producer.WaitForSpaceAsync(stop);
            }

            stop.ThrowIfCancellationRequested();
        }

        await producer.FlushAsync(stop);
    }
}
