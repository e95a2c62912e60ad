using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Examples;

/// <summary>The programs of examples/, as they were built with the solution, against a real broker.</summary>
public sealed partial class ExampleTests : IAsyncLifetime, IDisposable
{
    private const int Orders = 20;

    private readonly BrokerProcess _broker = BrokerProcess.Temporary();
    private readonly TemporaryDirectory _directory = new();

    public Task InitializeAsync() => _broker.StartAsync();

    public async Task DisposeAsync() => await _broker.DisposeAsync();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_consumer_follows_what_the_producer_sends_and_ends_in_order_on_Ctrl_C()
    {
        string sent = await ProduceAsync(Orders);
        Assert.Equal(Orders, Lines(sent, "on disk: partition "));

        await using RunningProgram consumer = Start("OrderConsumer", _broker.Server);
        await consumer.WaitForAsync(output => Lines(output, "customer-") == Orders);
        await ProduceAsync(1);
        await consumer.WaitForAsync(output => Lines(output, "customer-") == Orders + 1);

        Assert.Equal(0, await consumer.EndAsync(Signals.Interrupt));
        Assert.Contains("stopped", consumer.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_consumer_says_in_one_line_that_there_is_no_topic()
    {
        await using RunningProgram consumer = Start("OrderConsumer", _broker.Server);

        Assert.Equal(1, await consumer.EndAsync());
        Assert.StartsWith("There is no topic \"orders\".", consumer.Output, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', consumer.Output);
    }

    [Fact]
    public async Task The_worker_handles_each_order_and_goes_on_after_a_restart_where_it_was()
    {
        string[] settings = [$"--Broker:Server={_broker.Server}", $"--Positions={_directory.Path}"];
        await ProduceAsync(Orders);
        await using (RunningProgram worker = Start("OrderWorker", settings))
        {
            await worker.WaitForAsync(output => Lines(output, "handled ") == Orders);
            Assert.Equal(0, await worker.EndAsync(Signals.Terminate));
            Assert.DoesNotContain("Exception", worker.Output, StringComparison.Ordinal);
        }

        await ProduceAsync(1);
        await using RunningProgram again = Start("OrderWorker", settings);
        await again.WaitForAsync(output => Lines(output, "handled ") > 0);
        Assert.Equal(0, await again.EndAsync(Signals.Terminate));
        Assert.Equal(1, Lines(again.Output, "handled "));
    }

    [Fact]
    public async Task The_endpoint_answers_201_when_the_order_is_in_the_log_and_503_when_it_could_not_be_acknowledged()
    {
        await using RunningProgram api = Start("OrderApi", $"--Broker:Server={_broker.Server}", "--urls=http://127.0.0.1:0");
        await api.WaitForAsync(output => Listening().IsMatch(output));
        using var http = new HttpClient { BaseAddress = new Uri(Listening().Match(api.Output).Groups["url"].Value) };

        using HttpResponseMessage answer = await http.PostAsJsonAsync("/orders", new { number = 1, customer = "c-7", total = 42.5m });
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        JsonElement receipt = await answer.Content.ReadFromJsonAsync<JsonElement>();

        CliRun stored = await CliRun.SucceedAsync(
            "consume", "orders", "--partition", $"{receipt.GetProperty("partition")}", "--from", $"{receipt.GetProperty("offset")}",
            "--exit-at-end", "-o", "json", "--server", _broker.Server);
        ConsumedLine record = ConsumedLine.Parse(Assert.Single(stored.Lines));
        Assert.Equal(("c-7", """{"Number":1,"Customer":"c-7","Total":42.5}"""), (record.Key, record.Value));

        await _broker.KillAsync();
        using HttpResponseMessage refusal = await http.PostAsJsonAsync("/orders", new { number = 2, customer = "c-7", total = 1m });
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refusal.StatusCode);
    }

    [Fact]
    public async Task The_tests_of_a_service_pass_without_a_broker_beside_them()
    {
        string said = await RunningProgram.SucceedAsync(BrokerCommandLine.Dotnet, _directory.Path, "test", BuildOutput.AssemblyOf("examples/OrderTests"));
        Assert.Matches(@"Passed!.*Passed:\s+4,", said);
    }

    private async Task<string> ProduceAsync(int count)
    {
        await using RunningProgram producer = Start("OrderProducer", _broker.Server, $"{count}");
        int code = await producer.EndAsync();
        Assert.True(code == 0, producer.Output);
        return producer.Output;
    }

    private RunningProgram Start(string example, params string[] arguments) =>
        RunningProgram.StartDotnet(_directory.Path, [BuildOutput.AssemblyOf($"examples/{example}"), .. arguments]);

    private static int Lines(string output, string with) => output.Split('\n').Count(line => line.Contains(with, StringComparison.Ordinal));

    [GeneratedRegex(@"Now listening on: (?<url>http://127\.0\.0\.1:\d+)")]
    private static partial Regex Listening();
}
