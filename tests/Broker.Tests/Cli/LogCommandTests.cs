using System.Text.Json;
using Broker.Tests.Server;

namespace Broker.Tests.Cli;

public sealed class LogCommandTests : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("broker-log-").FullName;

    public async Task InitializeAsync()
    {
        await using var host = await Broker.Server.Hosting.BrokerHost.StartAsync(TestBroker.Settings(_directory));
        string server = host.GrpcEndPoint.ToString();
        foreach (string topic in (string[])["orders", "payments"])
        {
            await new CliSession(server).SucceedAsync("topic", "create", topic, "--partitions", "2");
            await new CliSession(server) { In = CliSession.Text("""
                {"k":"a","at":"2001-02-03T04:05:06Z"}
                {"k":"b","at":"2001-02-03T04:05:06Z"}
                {"k":"c","at":"2001-02-03T04:05:06Z"}
                """) }.SucceedAsync("produce", topic, "--key-field", "k", "--timestamp-field", "at");
        }
    }

    public Task DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_sound_directory_is_called_sound_and_is_not_changed()
    {
        Dictionary<string, DateTime> before = Stamps();
        CliSession text = await new CliSession().SucceedAsync("log", "verify", _directory);
        Assert.StartsWith("sound: 2 topics, ", text.Output, StringComparison.Ordinal);
        Assert.Contains("6 records", text.Output, StringComparison.Ordinal);
        JsonElement json = JsonDocument.Parse((await new CliSession().SucceedAsync("log", "verify", _directory, "-o", "json")).Output).RootElement;
        Assert.True(json.GetProperty("sound").GetBoolean());
        Assert.Equal(6, json.GetProperty("records").GetInt64());
        Assert.Equal(before, Stamps());
    }

    [Fact]
    public async Task One_changed_bit_is_found_and_named()
    {
        string log = Directory.GetFiles(Path.Combine(_directory, "topics"), "*.log", SearchOption.AllDirectories)
            .First(path => new FileInfo(path).Length > 0);
        byte[] bytes = await File.ReadAllBytesAsync(log);
        bytes[100] ^= 1;
        await File.WriteAllBytesAsync(log, bytes);

        CliSession verify = await new CliSession().RunAsync("log", "verify", _directory);
        Assert.Equal(1, verify.ExitCode);
        Assert.Contains(log, verify.ErrorLine, StringComparison.Ordinal);
        Assert.StartsWith("1 damaged place: ", verify.Output, StringComparison.Ordinal);
        CliSession json = await new CliSession().RunAsync("log", "verify", _directory, "-o", "json");
        Assert.Equal(log, JsonDocument.Parse(json.Output).RootElement.GetProperty("problems")[0].GetProperty("path").GetString());
    }

    [Fact]
    public async Task One_topic_can_be_verified_alone()
    {
        JsonElement described = JsonDocument.Parse((await new CliSession().SucceedAsync("log", "dump", _directory, "--topic", "payments", "-o", "json"))
            .Lines[0]).RootElement;
        string log = described.GetProperty("file").GetString()!;
        byte[] bytes = await File.ReadAllBytesAsync(log);
        bytes[100] ^= 1;
        await File.WriteAllBytesAsync(log, bytes);

        CliSession orders = await new CliSession().SucceedAsync("log", "verify", _directory, "--topic", "orders");
        Assert.Matches("^sound: 1 topic, .* 3 records ", orders.Output);
        CliSession payments = await new CliSession().RunAsync("log", "verify", _directory, "--topic", "payments");
        Assert.Equal(1, payments.ExitCode);
        Assert.Contains(log, payments.ErrorLine, StringComparison.Ordinal);
        await new CliSession().FailAsync(1, ["log", "verify", _directory, "--topic", "invoices"], "holds no topic \"invoices\"");
    }

    [Fact]
    public async Task A_damaged_journal_is_told_in_JSON_too_and_given_up_on_request_alone()
    {
        // The checkpoint of the stop names it.
        Array.ForEach(Directory.GetFiles(Path.Combine(_directory, "journal")), File.Delete);
        CliSession verify = await new CliSession().RunAsync("log", "verify", _directory, "-o", "json");
        JsonElement verified = JsonDocument.Parse(verify.Output).RootElement;
        Assert.Equal((1, false, 6), (verify.ExitCode, verified.GetProperty("sound").GetBoolean(), verified.GetProperty("records").GetInt32()));
        Assert.Contains(".journal is missing: ", verify.ErrorLine, StringComparison.Ordinal);

        CliSession waiting = await new CliSession().RunAsync("log", "repair", _directory);
        Assert.Equal(1, waiting.ExitCode);
        Assert.StartsWith("waiting: ", waiting.Output, StringComparison.Ordinal);
        CliSession refused = await new CliSession().RunAsync("serve", $"--data_dir={_directory}", "--grpc.listen=127.0.0.1:0", "--http.listen=127.0.0.1:0");
        Assert.Contains($"broker log repair {_directory}", refused.ErrorLine, StringComparison.Ordinal);

        CliSession repair = await new CliSession().SucceedAsync("log", "repair", _directory, "--accept-loss", "-o", "json");
        JsonElement repaired = JsonDocument.Parse(repair.Output).RootElement;
        Assert.True(repaired.GetProperty("settled").GetBoolean());
        Assert.Equal("given-up", repaired.GetProperty("journal").GetProperty("outcome").GetString());
        CliSession sound = await new CliSession().SucceedAsync("log", "verify", _directory);
        Assert.StartsWith("sound: 2 topics, ", sound.Output, StringComparison.Ordinal);
        Assert.Contains("6 records", sound.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_and_the_list_of_topics_name_what_is_in_quarantine_and_nothing_when_nothing_is()
    {
        await using (var sound = await Broker.Server.Hosting.BrokerHost.StartAsync(TestBroker.Settings(_directory)))
        {
            string server = sound.GrpcEndPoint.ToString();
            Assert.DoesNotContain("problem", (await new CliSession(server).SucceedAsync("status")).Output, StringComparison.Ordinal);
            Assert.DoesNotContain("quarantine", (await new CliSession(server).SucceedAsync("topic", "list")).Output, StringComparison.Ordinal);
        }

        string log = Directory.GetFiles(Path.Combine(_directory, "topics"), "*.log", SearchOption.AllDirectories)
            .First(path => new FileInfo(path).Length > 0);
        File.Delete(log);
        await using (var damaged = await Broker.Server.Hosting.BrokerHost.StartAsync(TestBroker.Settings(_directory)))
        {
            string server = damaged.GrpcEndPoint.ToString();
            JsonElement[] topics = [.. JsonDocument.Parse((await new CliSession(server).SucceedAsync("topic", "list", "-o", "json")).Output)
                .RootElement.EnumerateArray()];
            JsonElement hurt = Assert.Single(topics, topic => topic.GetProperty("quarantined_partitions").GetInt32() == 1);
            string name = hurt.GetProperty("name").GetString()!;
            Assert.Contains(
                $"topic '{name}' has 1 partition in quarantine: broker topic describe {name}",
                (await new CliSession(server).SucceedAsync("topic", "list")).Output, StringComparison.Ordinal);
            string partition = Path.GetFileName(Path.GetDirectoryName(log)!);
            Assert.Contains(
                $"problem    quarantined: {name}/{partition}\n", (await new CliSession(server).SucceedAsync("status")).Output,
                StringComparison.Ordinal);
            Assert.Equal(
                $"quarantined: {name}/{partition}",
                JsonDocument.Parse((await new CliSession(server).SucceedAsync("status", "-o", "json")).Output).RootElement
                    .GetProperty("problems")[0].GetString());
        }
    }

    [Fact]
    public async Task A_read_of_damaged_records_says_whether_they_wait_for_a_decision_or_were_given_up()
    {
        JsonElement batch = (await DumpAsync())[0];
        string log = batch.GetProperty("file").GetString()!, topic = batch.GetProperty("topic").GetString()!;
        string partition = batch.GetProperty("partition").GetRawText();
        byte[] bytes = await File.ReadAllBytesAsync(log);
        bytes[100] ^= 1;
        await File.WriteAllBytesAsync(log, bytes);
        await ReadFailsAsync(topic, partition, "the bytes are kept and not served");
        await new CliSession().SucceedAsync("log", "repair", _directory, "--accept-loss");
        await ReadFailsAsync(topic, partition, "its records were given up by log repair");
    }

    private async Task ReadFailsAsync(string topic, string partition, string words)
    {
        await using var host = await Broker.Server.Hosting.BrokerHost.StartAsync(TestBroker.Settings(_directory));
        await new CliSession(host.GrpcEndPoint.ToString())
            .FailAsync(1, ["consume", topic, "--partition", partition, "--from", "earliest", "--exit-at-end"], words);
    }

    [Fact]
    public async Task A_dump_lists_every_batch_of_what_was_asked_for()
    {
        JsonElement[] all = await DumpAsync();
        Assert.Equal(6, all.Sum(batch => batch.GetProperty("records").GetInt32()));
        JsonElement[] orders = await DumpAsync("--topic", "orders");
        Assert.Equal(3, orders.Sum(batch => batch.GetProperty("records").GetInt32()));
        Assert.All(orders, batch => Assert.Equal(981173106000, batch.GetProperty("max_timestamp_ms").GetInt64()));
        Assert.All(await DumpAsync("--partition", "0"), batch => Assert.Equal(0, batch.GetProperty("partition").GetInt32()));

        CliSession text = await new CliSession().SucceedAsync("log", "dump", _directory, "--topic", "orders");
        Assert.Contains("topic orders, partition 0, active segment ", text.Output, StringComparison.Ordinal);
        Assert.Contains("2001-02-03T04:05:06Z", text.Output, StringComparison.Ordinal);
        await new CliSession().FailAsync(1, ["log", "dump", _directory, "--topic", "nowhere"], "that topic");
    }

    [Fact]
    public async Task A_dump_of_the_journal_lists_its_frames()
    {
        string[] kinds = [.. (await DumpAsync("--journal")).Select(frame => frame.GetProperty("kind").GetString()!)];
        Assert.Equal(2, kinds.Count(kind => kind == "topic-created"));
        Assert.Contains("append", kinds);
        CliSession text = await new CliSession().SucceedAsync("log", "dump", _directory, "--journal");
        Assert.Contains("topic-created", text.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_data_directory_or_is_in_use_is_refused_in_one_line()
    {
        await new CliSession().FailAsync(1, ["log", "verify", "/no/such/directory"], "/no/such/directory does not exist");
        await new CliSession().FailAsync(1, ["log", "verify", "/proc/version"], "/proc/version is a file");
        await new CliSession().FailAsync(1, ["log", "verify", "/tmp"], "/tmp is not a broker's data directory");
        await using TestBroker running = await TestBroker.StartAsync();
        await new CliSession().FailAsync(1, ["log", "dump", running.Host.DataDirectory], running.Host.DataDirectory, "Stop it first");
    }

    private async Task<JsonElement[]> DumpAsync(params string[] options)
    {
        CliSession dump = await new CliSession().SucceedAsync(["log", "dump", _directory, "-o", "json", .. options]);
        return [.. dump.Lines.Select(line => JsonDocument.Parse(line).RootElement)];
    }

    private Dictionary<string, DateTime> Stamps() =>
        Directory.GetFiles(_directory, "*", SearchOption.AllDirectories).ToDictionary(path => path, File.GetLastWriteTimeUtc);
}
