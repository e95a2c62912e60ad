using System.Text;
using System.Text.Json;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd;

/// <summary>Real event data through the broker command and back, also over a kill -9.</summary>
public sealed class RealDataTests
{
    [Fact]
    public async Task Flights_come_back_byte_for_byte_and_in_order_within_each_origin_also_after_a_kill()
    {
        string[] lines = await SampleData.LinesAsync("flights-20k.ndjson");
        Assert.Equal(20_000, lines.Length);
        await using var broker = BrokerProcess.Temporary();
        await broker.StartAsync();
        await CliRun.SucceedAsync("topic", "create", "flights", "--partitions", "4", "--server", broker.Server);
        CliRun produced = await CliRun.SucceedAsync(
            "produce", "flights", "--file", SampleData.PathOf("flights-20k.ndjson"), "--key-field", "origin",
            "--timestamp-field", "date", "--timestamp-format", "yyyy/MM/dd HH:mm", "--server", broker.Server);
        Assert.Contains("20,000 records", produced.Text);
        await CheckFlightsAsync(broker.Server, lines);

        await broker.KillAsync();
        await broker.StartAsync();
        await CheckFlightsAsync(broker.Server, lines);
    }

    [Theory]
    [InlineData("updated")]
    [InlineData("time")]
    public async Task Earthquakes_from_a_time_start_each_partition_at_the_first_record_that_is_not_older(string timestampField)
    {
        string[] lines = await SampleData.LinesAsync("earthquakes.ndjson");
        long[] timestamps = [.. lines.Select(line => Field(line, timestampField).GetInt64())];
        await using var broker = BrokerProcess.Temporary();
        await broker.StartAsync();
        await CliRun.SucceedAsync("topic", "create", "quakes", "--partitions", "4", "--server", broker.Server);
        await CliRun.SucceedAsync(
            "produce", "quakes", "--file", SampleData.PathOf("earthquakes.ndjson"), "--key-field", "id",
            "--timestamp-field", timestampField, "--server", broker.Server);

        long[] moments = [0, timestamps.Min(), timestamps.Min() + 1, Middle(timestamps), timestamps[^1], timestamps.Max(), timestamps.Max() + 1];
        await CheckStartsAsync(broker.Server, lines, timestampField, [Middle(timestamps)]);
        await broker.KillAsync();
        await broker.StartAsync();
        await CheckStartsAsync(broker.Server, lines, timestampField, moments);
    }

    private static async Task CheckFlightsAsync(string server, string[] lines)
    {
        CliRun values = await CliRun.SucceedAsync("consume", "flights", "--exit-at-end", "--server", server);
        Assert.Equal(lines.Order(StringComparer.Ordinal), values.Lines.Order(StringComparer.Ordinal));
        Assert.Equal(lines.Sum(line => Encoding.UTF8.GetByteCount(line) + 1), values.Output.Length);

        ConsumedLine[] records = await ConsumeAsync(server, "flights");
        Assert.Equal(4, records.Select(record => record.Partition).Distinct().Count());
        ILookup<string, string> sent = lines.ToLookup(line => Field(line, "origin").GetString()!);
        ILookup<string, ConsumedLine> received = records.ToLookup(record => record.Key!);
        Assert.Equal(sent.Count, received.Count);
        foreach (IGrouping<string, string> origin in sent)
        {
            Assert.Equal(origin, received[origin.Key].Select(record => record.Value));
            Assert.Single(received[origin.Key].Select(record => record.Partition).Distinct());
        }

        CliRun fromFebruary = await CliRun.SucceedAsync(
            "consume", "flights", "--from", "2001-02-01T00:00:00Z", "--exit-at-end", "--server", server);
        string[] february = [.. lines.Where(line => string.CompareOrdinal(Field(line, "date").GetString(), "2001/02/01 00:00") >= 0)];
        Assert.NotEmpty(february);
        Assert.NotEqual(lines.Length, february.Length);
        Assert.Equal(february.Order(StringComparer.Ordinal), fromFebruary.Lines.Order(StringComparer.Ordinal));
    }

    private static async Task CheckStartsAsync(string server, string[] lines, string timestampField, long[] moments)
    {
        ConsumedLine[] all = await ConsumeAsync(server, "quakes");
        Assert.Equal(lines.Order(StringComparer.Ordinal), all.Select(record => record.Value).Order(StringComparer.Ordinal));
        Assert.All(all, record => Assert.Equal(Field(record.Value, timestampField).GetInt64(), record.TimestampMs));
        foreach (long moment in moments)
        {
            // From the first record that is not older than the moment on, everything, whatever its timestamp.
            IEnumerable<(int, long)> expected = all.GroupBy(record => record.Partition)
                .SelectMany(partition => partition.OrderBy(record => record.Offset).SkipWhile(record => record.TimestampMs < moment))
                .Select(record => (record.Partition, record.Offset)).Order();
            ConsumedLine[] found = await ConsumeAsync(server, "quakes", "--from", $"@{moment}");
            Assert.Equal(expected, found.Select(record => (record.Partition, record.Offset)).Order());
        }
    }

    private static async Task<ConsumedLine[]> ConsumeAsync(string server, string topic, params string[] more)
    {
        CliRun run = await CliRun.SucceedAsync(["consume", topic, "--exit-at-end", "-o", "json", "--server", server, .. more]);
        ConsumedLine[] records = [.. run.Lines.Select(ConsumedLine.Parse)];
        Assert.All(records.GroupBy(record => record.Partition), partition =>
            Assert.Equal(partition.Select(record => record.Offset).Order(), partition.Select(record => record.Offset)));
        return records;
    }

    private static long Middle(long[] timestamps) => timestamps.Order().ElementAt(timestamps.Length / 2);

    private static JsonElement Field(string line, string name) => JsonDocument.Parse(line).RootElement.GetProperty(name);
}
