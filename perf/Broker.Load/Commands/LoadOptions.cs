using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Broker.Cli.Commands;
using Broker.Client;
using Broker.Engine.Text;
using Broker.Load.Results;
using Broker.Load.Values;
using Broker.Records;

namespace Broker.Load.Commands;

/// <summary>The options of all scenarios. Each command has those that mean something to it.</summary>
internal sealed class LoadOptions
{
    private static readonly LoadSettings Default = new() { Scenario = "" };

    private readonly Option<int?> _size = CommonOptions.Number("--size", $"Bytes of each value, at least {LoadValue.SizeBytesMin} (default: {Default.SizeBytes})", "BYTES", LoadValue.SizeBytesMin);
    private readonly Option<double?> _seconds = Seconds("--seconds", $"Timed, all windows together (default: {Default.Duration.TotalSeconds})", min: 0.1);
    private readonly Option<double?> _warmUp = Seconds("--warm-up", $"Before the first window, not counted; 0: cold processes and files never written before (default: {Default.WarmUp.TotalSeconds})", min: 0);
    private readonly Option<int?> _windows = CommonOptions.Number("--windows", $"Timed windows, raw's between them (default: {Default.Rounds})", "N", min: 1);
    private readonly Option<int?> _partitions = CommonOptions.Number("--partitions", $"Of the topic (default: {Default.Partitions})", "N", min: 1);
    private readonly Option<int?> _producers = CommonOptions.Number("--producers", $"Each with a client of its own (default: {Default.Producers})", "N", min: 1);
    private readonly Option<int?> _connections = CommonOptions.Number("--connections", $"Of each producer (default: {Default.Connections})", "N", min: 1);
    private readonly Option<int?> _batch = CommonOptions.Number("--batch-bytes", "Batches of each producer (default: the client's)", "BYTES", min: 1024);
    private readonly Option<int?> _inFlight = CommonOptions.Number("--in-flight", "Batches under way at once (default: the client's)", "N", min: 1);
    private readonly Option<double?> _linger = new("--linger-ms") { Description = "How long a batch waits for more records (default: the client's)", HelpName = "MS" };
    private readonly Option<string?> _compression = CommonOptions.Choice("--compression", "Codec of batches (default: none)", "none", "lz4", "zstd");
    private readonly Option<string?> _durability = CommonOptions.Choice("--durability", "What an ack means (default: durable)", "durable", "os");
    private readonly Option<string?> _content = CommonOptions.Choice("--content", "What values are made of (default: random, which no codec makes smaller)", "random", "json");
    private readonly Option<int?> _rate = CommonOptions.Number("--rate", $"Records a second, all producers together (default: {Default.Rate})", "N", min: 1);
    private readonly Option<long?> _retention = Bytes("--retention", $"What the topic keeps (default: {UnitText.FormatBytes(Default.RetentionBytes)})");
    private readonly Option<long?> _fill = Bytes("--fill", $"How much is read, again and again (default: {UnitText.FormatBytes(Default.FillBytes)})");
    private readonly Option<bool> _spawn = new("--spawn") { Description = "Start a broker of our own on an empty directory, and stop it afterwards" };
    private readonly Option<string?> _server = new("--server") { Description = "Use the broker that runs there; its processor, memory and disk are not seen", HelpName = "HOST:PORT" };
    private readonly Option<string?> _dataDirectory = new("--data-dir") { Description = "Empty directory for the broker of --spawn (default: a temporary one)", HelpName = "DIR" };
    private readonly Option<bool> _anyFileSystem = new("--any-filesystem") { Description = "Accept tmpfs and overlay, where a sync means nothing; the result names it" };
    private readonly Option<FileInfo> _broker = new Option<FileInfo>("--broker") { Description = "Another build of the broker for --spawn", HelpName = "BROKER.DLL" }.AcceptExistingOnly();
    private readonly Option<string[]> _set = new("--set") { Description = "A setting for the broker of --spawn, as broker serve takes it; may be repeated", HelpName = "KEY=VALUE", DefaultValueFactory = _ => [] };
    private readonly Option<bool> _noRaw = new("--no-raw") { Description = "Leave raw out: half the time, and no raw_ratio" };
    private readonly Option<bool> _verify = new("--verify") { Description = "Keep the history of every record and hold it against the log after each window; costs memory and speed" };
    private readonly Option<string?> _json = new("--json") { Description = "Write the results there too, a line of JSON each", HelpName = "FILE" };
    private readonly Option<string?> _plot = Plot();

    public Option<string> Output { get; } = CommonOptions.Output();

    public FileInfo? Broker(ParseResult parsed) => parsed.GetValue(_broker);

    public string? JsonFile(ParseResult parsed) => parsed.GetValue(_json);

    public string? PlotFile(ParseResult parsed) => parsed.GetValue(_plot);

    /// <summary>Gives a command the options of its scenario, and the rules among them.</summary>
    public void AddTo(Command command)
    {
        string scenario = command.Name;
        bool isRaw = scenario is "raw" or "raw-durable", isSuite = scenario == "suite";
        Option[] options =
        [
            .. isSuite ? Array.Empty<Option>() : [_size],
            _seconds, _warmUp, _windows, _partitions, _producers, _connections, _batch, _inFlight, _linger, _compression, _durability, _content,
            .. scenario == "latency" ? [_rate] : Array.Empty<Option>(),
            .. scenario is "consume" or "raw" || isSuite ? [_fill] : Array.Empty<Option>(),
            .. scenario != "consume" ? [_retention] : Array.Empty<Option>(),
            _spawn,
            .. isRaw ? Array.Empty<Option>() : [_server, _broker, _verify],
            _dataDirectory, _anyFileSystem, _set,
            .. scenario is "produce" or "consume" or "raw-durable" || isSuite ? [_noRaw] : Array.Empty<Option>(),
            _json, _plot, Output,
        ];
        Array.ForEach(options, command.Options.Add);
        command.Validators.Add(result => Check(result, needsServer: !isRaw));
    }

    public LoadSettings Read(ParseResult parsed, string scenario) => new()
    {
        Scenario = scenario,
        SizeBytes = parsed.GetValue(_size) ?? Default.SizeBytes,
        Duration = TimeSpan.FromSeconds(parsed.GetValue(_seconds) ?? Default.Duration.TotalSeconds),
        WarmUp = TimeSpan.FromSeconds(parsed.GetValue(_warmUp) ?? Default.WarmUp.TotalSeconds),
        Rounds = parsed.GetValue(_windows) ?? Default.Rounds,
        Partitions = parsed.GetValue(_partitions) ?? Default.Partitions,
        Producers = parsed.GetValue(_producers) ?? Default.Producers,
        Connections = parsed.GetValue(_connections) ?? Default.Connections,
        BatchSizeBytes = parsed.GetValue(_batch),
        InFlightBatches = parsed.GetValue(_inFlight),
        LingerMs = parsed.GetValue(_linger),
        Compression = parsed.GetValue(_compression) switch { "lz4" => Codec.Lz4, "zstd" => Codec.Zstd, _ => Codec.None },
        Durability = parsed.GetValue(_durability) == "os" ? Durability.Os : Durability.Durable,
        Content = parsed.GetValue(_content) == "json" ? LoadContent.Json : LoadContent.Random,
        Rate = parsed.GetValue(_rate) ?? Default.Rate,
        RetentionBytes = parsed.GetValue(_retention) ?? Default.RetentionBytes,
        FillBytes = parsed.GetValue(_fill) ?? Default.FillBytes,
        Server = parsed.GetValue(_server),
        DataDirectory = parsed.GetValue(_dataDirectory),
        AcceptsAnyFileSystem = parsed.GetValue(_anyFileSystem),
        BrokerSettings = [.. (parsed.GetValue(_set) ?? []).Select(setting => $"--{setting}")],
        MeasuresRaw = !parsed.GetValue(_noRaw),
        Verifies = parsed.GetValue(_verify),
    };

    private void Check(CommandResult result, bool needsServer)
    {
        bool isSpawned = result.GetValue(_spawn), isNamed = result.GetResult(_server) is not null;
        if (isSpawned && isNamed)
        {
            result.AddError("--spawn and --server exclude each other: a broker of our own, or one that runs");
        }
        else if (needsServer && !isSpawned && !isNamed)
        {
            result.AddError("say --spawn for a broker of our own, or --server HOST:PORT for one that runs");
        }
        else if (isNamed && (result.GetResult(_dataDirectory) ?? result.GetResult(_set) ?? result.GetResult(_broker)) is { } needsSpawn)
        {
            result.AddError($"{needsSpawn.Option.Name} needs --spawn");
        }

        foreach (Option<string?> file in new[] { _json, _plot })
        {
            // Told before a long run, not after it.
            if (result.GetResult(file) is { Tokens: [{ Value: { } path }] } && Path.GetDirectoryName(Path.GetFullPath(path)) is { } directory && !Directory.Exists(directory))
            {
                result.AddError($"{file.Name}: there is no directory {directory}");
            }
        }
    }

    private static Option<double?> Seconds(string name, string description, double min) => new(name)
    {
        Description = description,
        HelpName = "SECONDS",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (!double.TryParse(text, CultureInfo.InvariantCulture, out double seconds) || seconds < min || seconds > 86_400)
            {
                result.AddError($"{name} is a number from {min.ToString(CultureInfo.InvariantCulture)} to 86400, not '{text}'");
            }

            return seconds;
        },
    };

    private static Option<long?> Bytes(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "SIZE",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (!UnitText.TryParseBytes(text, out long bytes) || bytes < 1 << 20)
            {
                result.AddError($"{name} is a size from 1MiB, such as 512MiB or 2GiB, not '{text}'");
            }

            return bytes;
        },
    };

    private static Option<string?> Plot() => new("--plot")
    {
        Description = "Draw the rates, or for latency the percentiles, into this .svg or .png",
        HelpName = "FILE",
        CustomParser = result =>
        {
            string text = result.Tokens[0].Value;
            if (!ResultPlot.IsSupported(text))
            {
                result.AddError($"--plot draws .svg and .png, not '{text}'");
            }

            return text;
        },
    };
}
