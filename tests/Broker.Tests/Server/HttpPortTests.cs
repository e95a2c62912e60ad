using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;

namespace Broker.Tests.Server;

public sealed partial class HttpPortTests
{
    [Fact]
    public async Task Every_metric_of_the_operations_page_is_in_a_scrape_and_every_broker_metric_of_a_scrape_is_on_the_page()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await broker.Produce.AppendAsync(PlainCallTests.Append("t", "a", "b"));
        await broker.Fetch.ReadAsync(PlainCallTests.Read("t", new Broker.Protocol.V1.OffsetSpec { Offset = 0 }));

        Dictionary<string, string> scraped = Types(await broker.Http.GetStringAsync("/metrics"));

        string page = File.ReadAllText(RepositoryFiles.PathOf("docs/operations.md"));
        Dictionary<string, string> documented = MetricRow().Matches(page).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        Assert.Equal(
            documented.OrderBy(d => d.Key),
            scraped.Where(s => s.Key.StartsWith("broker_", StringComparison.Ordinal)).OrderBy(s => s.Key));
        Assert.Contains("process_cpu_seconds_total", scraped.Keys);
    }

    [Fact]
    public async Task A_scrape_counts_what_was_written_and_read_and_each_of_its_lines_parses()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("t");
        await broker.Produce.AppendAsync(PlainCallTests.Append("t", "a", "b"));
        await broker.Fetch.ReadAsync(PlainCallTests.Read("t", new Broker.Protocol.V1.OffsetSpec { Offset = 0 }));

        string text = await broker.Http.GetStringAsync("/metrics");

        foreach (string line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !l.StartsWith('#')))
        {
            Match sample = Sample().Match(line);
            Assert.True(sample.Success, line);
            Assert.True(double.TryParse(sample.Groups[1].Value.Replace("+Inf", "Infinity"), CultureInfo.InvariantCulture, out _), line);
        }

        Assert.Contains("\nbroker_produced_records_total 2\n", text, StringComparison.Ordinal);
        Assert.Contains("\nbroker_fetched_records_total 2\n", text, StringComparison.Ordinal);
        Assert.Contains("\nbroker_topics 1\n", text, StringComparison.Ordinal);
        Assert.Contains("broker_request_seconds_count{method=\"/broker.v1.ProduceService/Append\"} 1\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\nbroker_journal_sync_seconds_count 0\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metric_names_end_in_a_unit_or_count_things()
    {
        await using TestBroker broker = await TestBroker.StartAsync();

        Dictionary<string, string> scraped = Types(await broker.Http.GetStringAsync("/metrics"));

        Assert.All(
            scraped.Where(s => s.Key.StartsWith("broker_", StringComparison.Ordinal)),
            s => Assert.True(s.Value != "counter" || s.Key.EndsWith("_total", StringComparison.Ordinal), s.Key));
    }

    [Theory]
    [InlineData("/livez")]
    [InlineData("/readyz")]
    public async Task Health_pages_say_ok_and_unveil_no_server_software(string page)
    {
        await using TestBroker broker = await TestBroker.StartAsync();

        using HttpResponseMessage response = await broker.Http.GetAsync(page);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("ok\n", await response.Content.ReadAsStringAsync());
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task The_port_for_clients_shows_no_pages()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{broker.Host.GrpcEndPoint}/metrics")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };

        using HttpResponseMessage response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    private static Dictionary<string, string> Types(string scrape) =>
        TypeLine().Matches(scrape).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);

    [GeneratedRegex(@"^# TYPE (\S+) (\S+)$", RegexOptions.Multiline)]
    private static partial Regex TypeLine();

    [GeneratedRegex(@"^\| `(broker_\w+)`(?: \([a-z, ]+\))? \| (\w+) \|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();

    [GeneratedRegex(@"^[a-z_:][a-z0-9_:]*(?:\{(?:[a-z_]+=""[^""]*"",?)*\})? (\S+)$")]
    private static partial Regex Sample();
}
