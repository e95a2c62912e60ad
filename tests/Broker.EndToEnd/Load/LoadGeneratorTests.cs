using System.Text.Json;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Load;

public sealed class LoadGeneratorTests
{
    private static readonly string[] Fields =
    [
        "scenario", "record_bytes", "records", "seconds", "records_per_second", "mb_per_second", "p50_us", "p99_us", "p999_us", "broker_cpu_seconds",
        "broker_rss_anon_bytes", "disk_bytes", "syncs", "sync_p50_us", "filesystem", "raw_ratio", "settings",
    ];

    [Theory]
    [InlineData("produce", true, "--spawn")]
    [InlineData("consume", false, "--spawn --no-raw --fill 8MiB --partitions 2")]
    [InlineData("both", false, "--spawn --size 1024 --partitions 2 --producers 2 --verify")]
    [InlineData("raw-durable", false, "--no-raw")]
    public async Task Each_scenario_reports_every_figure(string scenario, bool hasRaw, string options)
    {
        JsonElement result = Assert.Single(await LoadGenerator.MeasureAsync([scenario, .. options.Split(' ')]));
        Assert.Equal(Fields, result.EnumerateObject().Select(field => field.Name));
        Assert.Equal(scenario, result.GetProperty("scenario").GetString());
        Assert.InRange(result.GetProperty("records").GetInt64(), 100, long.MaxValue);
        double seconds = result.GetProperty("seconds").GetDouble();
        Assert.InRange(seconds, 0.9, 60);
        Assert.Equal(result.GetProperty("records").GetInt64() / seconds, result.GetProperty("records_per_second").GetDouble(), 0.01 * result.GetProperty("records_per_second").GetDouble());
        Assert.Equal(scenario == "consume" ? JsonValueKind.Null : JsonValueKind.Number, result.GetProperty("p999_us").ValueKind);
        Assert.Equal(hasRaw ? JsonValueKind.Number : JsonValueKind.Null, result.GetProperty("raw_ratio").ValueKind);
        Assert.True(result.GetProperty("broker_cpu_seconds").GetDouble() > 0);
        Assert.True(result.GetProperty("broker_rss_anon_bytes").GetInt64() > 1_000_000);
        Assert.True(result.GetProperty("disk_bytes").GetInt64() > 1_000_000);
        Assert.True(scenario == "consume" || result.GetProperty("syncs").GetInt64() > 0);
        Assert.False(string.IsNullOrEmpty(result.GetProperty("filesystem").GetString()));
    }

    [Fact]
    public async Task An_open_loop_keeps_its_rate_and_draws_its_percentiles()
    {
        using var directory = new TemporaryDirectory();
        (string json, string plot) = (Path.Combine(directory.Path, "latency.json"), Path.Combine(directory.Path, "latency.svg"));
        JsonElement result = Assert.Single(await LoadGenerator.MeasureAsync(
            "latency", "--rate", "5000", "--producers", "2", "--spawn", "--verify", "--json", json, "--plot", plot));
        Assert.Equal(5000, result.GetProperty("records").GetInt64());
        double p50 = result.GetProperty("p50_us").GetDouble(), p99 = result.GetProperty("p99_us").GetDouble();
        Assert.InRange(p50, 20, 10_000_000);
        Assert.InRange(p99, p50, 10_000_000);
        Assert.Equal(result.ToString(), (await File.ReadAllTextAsync(json)).Trim());
        Assert.Contains("<svg", await File.ReadAllTextAsync(plot), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Raw_is_measured_in_both_directions()
    {
        JsonElement[] results = await LoadGenerator.MeasureAsync("raw", "--fill", "8MiB");
        Assert.Equal(["raw-produce", "raw-consume"], results.Select(result => result.GetProperty("scenario").GetString()));
        Assert.All(results, result => Assert.InRange(result.GetProperty("records").GetInt64(), 1000, long.MaxValue));
    }

    [Fact]
    public async Task Help_calls_it_what_its_user_types() =>
        Assert.Contains("perf/load produce [options]", (await LoadGenerator.RunAsync("produce", "--help")).Text, StringComparison.Ordinal);

    [Theory]
    [InlineData(2, "'produse'", "produse")]
    [InlineData(2, "--size is a whole number from 16, not '8'", "produce", "--spawn", "--size", "8")]
    [InlineData(2, "--spawn", "produce")]
    [InlineData(2, "exclude each other", "both", "--spawn", "--server", "127.0.0.1:1")]
    [InlineData(2, "--data-dir needs --spawn", "both", "--data-dir", "/tmp/x", "--server", "127.0.0.1:1")]
    [InlineData(2, ".svg and .png", "latency", "--spawn", "--plot", "latency.gif")]
    [InlineData(2, "MaxInFlightBatches must be 1 to 64", "produce", "--spawn", "--no-raw", "--in-flight", "65")]
    [InlineData(2, "there is no directory /nowhere", "produce", "--spawn", "--json", "/nowhere/produce.json")]
    [InlineData(2, "--retention is a size", "produce", "--spawn", "--retention", "much")]
    [InlineData(1, "127.0.0.1:1", "consume", "--server", "127.0.0.1:1")]
    [InlineData(1, "storage.nonsense", "produce", "--spawn", "--set", "storage.nonsense=1")]
    public async Task What_cannot_be_is_said_in_one_line(int exitCode, string words, params string[] arguments) =>
        CheckOneLine(await LoadGenerator.RunAsync(arguments), exitCode, words);

    [Fact]
    public async Task A_directory_that_is_no_disk_is_refused_or_named()
    {
        if (!Directory.Exists("/dev/shm"))
        {
            return; // There is no tmpfs to be taken for a disk.
        }

        string directory = Directory.CreateDirectory(Path.Combine("/dev/shm", $"broker-load-{Environment.ProcessId}")).FullName;
        try
        {
            CheckOneLine(await LoadGenerator.RunAsync("produce", "--spawn", "--data-dir", directory), 2, "is on tmpfs");
            JsonElement result = Assert.Single(await LoadGenerator.MeasureAsync(
                "produce", "--spawn", "--no-raw", "--data-dir", directory, "--any-filesystem"));
            Assert.Equal("tmpfs", result.GetProperty("filesystem").GetString());
            CheckOneLine(await LoadGenerator.RunAsync("produce", "--spawn", "--data-dir", directory, "--any-filesystem"), 2, "is not empty");
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public async Task A_broker_that_takes_nothing_fails_the_run() => CheckOneLine(
        await LoadGenerator.RunAsync("produce", "--spawn", "--no-raw", "--warm-up", "0", "--seconds", "1", "--set", "storage.reserve_bytes=65536GiB"),
        exitCode: 1, "MB free; writes are accepted from");

    private static void CheckOneLine(CliRun run, int exitCode, string words)
    {
        Assert.Equal(exitCode, run.ExitCode);
        Assert.Empty(run.Output);
        string line = Assert.Single(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.StartsWith("error: ", line, StringComparison.Ordinal);
        Assert.Contains(words, line, StringComparison.Ordinal);
    }
}
