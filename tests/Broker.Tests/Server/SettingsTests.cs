using System.Collections;
using Broker.Engine.Text;
using Broker.Server.Configuration;

namespace Broker.Tests.Server;

public sealed class SettingsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("broker-settings-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void The_file_at_the_top_level_lists_every_setting_with_its_default()
    {
        Dictionary<string, string> inFile = SettingSources.FromYaml(RepositoryFiles.PathOf("broker.yaml"))
            .ToDictionary(s => s.Key, s => s.Text);

        Assert.Equal(
            SettingCatalog.All.Select(d => $"{d.Key}={d.Default}").Order(),
            inFile.Select(s => $"{s.Key}={s.Value}").Order());
    }

    [Fact]
    public void The_operations_page_lists_every_setting_with_its_default()
    {
        string page = File.ReadAllText(RepositoryFiles.PathOf("docs/operations.md"));

        foreach (SettingDefinition definition in SettingCatalog.All)
        {
            Assert.Contains($"| `{definition.Key}` | `{definition.Default}` |", page, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Every_default_is_allowed_by_its_own_range()
    {
        BrokerSettings settings = Load();

        Assert.Equal(64L << 20, settings.Number("journal.file_bytes"));
        Assert.Equal("127.0.0.1:9095", settings.GrpcListen.ToString());
        Assert.Equal(-1, settings.Number("topic_defaults.retention.bytes"));
        Assert.Equal(TimeSpan.FromDays(7), settings.Duration("topic_defaults.retention.ms"));
        Assert.False(settings.IsInsecureAllowed);
    }

    [Fact]
    public void The_command_line_wins_over_the_environment_and_the_environment_over_the_file()
    {
        WriteFile("journal:\n  file_bytes: 2MiB\nlog:\n  level: error\n  format: json\n");
        var environment = new Hashtable { ["BROKER__LOG__LEVEL"] = "debug", ["BROKER__LOG__FORMAT"] = "json", ["BROKER_SERVER"] = "x" };

        BrokerSettings settings = Load(["--log.format=text"], environment);

        Assert.Equal(2L << 20, settings.Number("journal.file_bytes"));
        Assert.Equal("debug", settings.Text("log.level"));
        Assert.Equal("text", settings.Text("log.format"));
    }

    [Fact]
    public void Topic_defaults_have_the_same_names_in_all_sources()
    {
        WriteFile("topic_defaults:\n  retention.ms: 1h\n");
        var environment = new Hashtable { ["BROKER__TOPIC_DEFAULTS__SEGMENT__BYTES"] = "1MiB" };

        BrokerSettings settings = Load(["--topic_defaults.max.message.bytes", "2000"], environment);

        Assert.Equal(3_600_000, settings.Number("topic_defaults.retention.ms"));
        Assert.Equal(1L << 20, settings.Number("topic_defaults.segment.bytes"));
        Assert.Equal(2000, settings.Number("topic_defaults.max.message.bytes"));
    }

    [Theory]
    [InlineData("--journal.file_byte=1MiB", "Unknown setting 'journal.file_byte' (--journal.file_byte): did you mean 'journal.file_bytes'?")]
    [InlineData("--file_bytes=1MiB", "Unknown setting 'file_bytes' (--file_bytes): did you mean 'journal.file_bytes'?")]
    [InlineData("--nonsense=1", "Unknown setting 'nonsense' (--nonsense): docs/operations.md lists all settings.")]
    [InlineData("--journal.file_bytes=1KiB", "Setting 'journal.file_bytes' has the value '1KiB' (--journal.file_bytes), but 1MiB to 4GiB is allowed.")]
    [InlineData("--journal.file_bytes", "--journal.file_bytes has no value: write --journal.file_bytes=VALUE.")]
    [InlineData("--log.format=xml", "Setting 'log.format' has the value 'xml' (--log.format), but text or json is allowed.")]
    [InlineData("--retention.check_interval=soon", "Setting 'retention.check_interval' has the value 'soon' (--retention.check_interval), but 100ms to 1d is allowed.")]
    [InlineData("--limits.message_bytes=2MiB", "Setting 'limits.message_bytes' is 2MiB, but it must be at least 'limits.batch_bytes', which is 4MiB.")]
    [InlineData("--journal.replay_bytes_max=64MiB", "Setting 'journal.replay_bytes_max' is 64MiB, but it must be at least 2 times 'journal.file_bytes', which is 64MiB.")]
    [InlineData("serve", "Unexpected argument 'serve': settings are given as --key=value.")]
    public void A_wrong_argument_stops_the_start_and_is_named(string argument, string problem)
    {
        var e = Assert.Throws<SettingsException>(() => Load([argument]));

        Assert.Equal([problem], e.Problems);
    }

    [Fact]
    public void An_unknown_key_in_the_file_or_the_environment_stops_the_start_and_is_named_with_its_place()
    {
        string path = WriteFile("journal:\n  files_bytes: 2MiB\n");
        var environment = new Hashtable { ["BROKER__GRPC__LISTENS"] = "127.0.0.1:1" };

        var e = Assert.Throws<SettingsException>(() => Load([], environment));

        Assert.Equal(
            [
                $"Unknown setting 'journal.files_bytes' ({path}:2): did you mean 'journal.file_bytes'?",
                "Unknown setting 'grpc.listens' (environment variable BROKER__GRPC__LISTENS): did you mean 'grpc.listen'?",
            ],
            e.Problems);
    }

    [Fact]
    public void A_file_that_is_not_yaml_stops_the_start_and_is_named()
    {
        string path = WriteFile("journal: [\n");

        var e = Assert.Throws<SettingsException>(() => Load());

        Assert.StartsWith($"{path}:2 cannot be read: ", Assert.Single(e.Problems), StringComparison.Ordinal);
    }

    [Fact]
    public void A_named_file_that_is_missing_stops_the_start_but_the_usual_one_may_be_missing()
    {
        var e = Assert.Throws<SettingsException>(() => Load(["--config=other.yaml"]));

        Assert.Equal([$"The file named by --config does not exist: {Path.Combine(_directory, "other.yaml")}."], e.Problems);
        Assert.NotNull(Load());
    }

    [Theory]
    [InlineData("64MiB", 64L << 20)]
    [InlineData("64 mib", 64L << 20)]
    [InlineData("1KB", 1000)]
    [InlineData("512", 512)]
    [InlineData("10B", 10)]
    [InlineData("-1", -1)]
    public void Sizes_are_read_with_and_without_units(string text, long bytes)
    {
        Assert.True(UnitText.TryParseBytes(text, out long parsed));
        Assert.Equal(bytes, parsed);
    }

    [Theory]
    [InlineData("250ms", 250)]
    [InlineData("10s", 10_000)]
    [InlineData("2m", 120_000)]
    [InlineData("7d", 604_800_000)]
    [InlineData("1500", 1500)]
    public void Durations_are_read_with_and_without_units(string text, long milliseconds)
    {
        Assert.True(UnitText.TryParseMilliseconds(text, out long parsed));
        Assert.Equal(milliseconds, parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("MiB")]
    [InlineData("1.5MiB")]
    [InlineData("-1MiB")]
    [InlineData("9999999999GiB")]
    public void A_text_that_is_no_size_is_refused(string text) => Assert.False(UnitText.TryParseBytes(text, out _));

    [Theory]
    [InlineData("localhost:9095", "127.0.0.1:9095")]
    [InlineData("0.0.0.0:0", "0.0.0.0:0")]
    [InlineData("[::1]:9095", "[::1]:9095")]
    [InlineData("*:80", "[::]:80")]
    [InlineData("::1:9095", null)]
    [InlineData("9095", null)]
    [InlineData("example.com:9095", null)]
    [InlineData("127.0.0.1:70000", null)]
    public void Addresses_are_read_with_their_port(string text, string? endPoint)
    {
        bool isAddress = SettingText.TryParseEndPoint(text, out var parsed);

        Assert.Equal(endPoint is not null, isAddress);
        Assert.Equal(endPoint, parsed?.ToString());
    }

    [Theory]
    [InlineData("0.0.0.0:9195", "127.0.0.1:9195")]
    [InlineData("*:9195", "127.0.0.1:9195")]
    [InlineData("192.0.2.1:9195", "192.0.2.1:9195")]
    [InlineData("[::1]:9195", "[::1]:9195")]
    [InlineData("127.0.0.1:0", null)]
    [InlineData("nonsense", null)]
    [InlineData(null, null)]
    public void A_client_in_the_brokers_environment_finds_it(string? listen, string? expected) =>
        Assert.Equal(expected, BrokerSettings.ClientEndPoint(name => name == "BROKER__GRPC__LISTEN" ? listen : null)?.ToString());

    private BrokerSettings Load(string[]? args = null, Hashtable? environment = null) =>
        BrokerSettings.Load(args ?? [], environment ?? [], _directory);

    private string WriteFile(string text)
    {
        string path = Path.Combine(_directory, "broker.yaml");
        File.WriteAllText(path, text);
        return path;
    }
}
