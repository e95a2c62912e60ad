using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text;
using Broker.Cli.Input;
using Broker.Cli.Produce;
using Broker.Cli.Terminal;
using Broker.Client;
using Broker.Records;

namespace Broker.Cli.Commands;

internal static class ProduceCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> topic = CommonOptions.TopicName();
        var file = new Option<string?>("--file", "-f")
        {
            Description = "Read from this file (default: standard input, or -)",
            HelpName = "F",
        };
        var keyField = new Option<string?>("--key-field")
        {
            Description = "Take the key from this field of each line, a JSON object",
            HelpName = "NAME",
        };
        var timestampField = new Option<string?>("--timestamp-field")
        {
            Description = "Take the timestamp from this field: ISO 8601, or a number of milliseconds since 1970",
            HelpName = "NAME",
        };
        var timestampFormat = new Option<string?>("--timestamp-format")
        {
            Description = "Format of that field in .NET's letters, such as \"yyyy/MM/dd HH:mm\"",
            HelpName = "FMT",
        };
        Option<TimeZoneInfo?> zone = Zone();
        Option<List<KeyValuePair<string, string>>> headers = CommonOptions.Pairs(
            "--header", "A header for every record; may be given again", mayRepeat: true);
        Option<string?> compression = CommonOptions.Choice(
            "--compression", "Compress batches (default: none)", "none", "lz4", "zstd");
        Option<string?> acks = CommonOptions.Choice(
            "--acks", "Acknowledge when on disk, or when handed to the system (default: the topic's)", "durable", "os");
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("produce", "Write lines as records, one record a line, byte for byte; blank lines are skipped")
        {
            topic, file, keyField, timestampField, timestampFormat, zone, headers, compression, acks, output, server,
        };
        command.Validators.Add(result => CheckTimestamp(result, timestampField, timestampFormat, zone));
        examples[command] =
        [
            "echo 'hello' | broker produce greetings",
            "broker produce flights --file samples/data/flights-20k.ndjson --key-field origin \\",
            "    --timestamp-field date --timestamp-format \"yyyy/MM/dd HH:mm\"",
        ];
        command.SetAction((parsed, cancellation) => ProduceRunner.RunAsync(host, new ProduceRequest
        {
            Server = parsed.GetRequiredValue(server),
            Topic = parsed.GetRequiredValue(topic),
            File = parsed.GetValue(file),
            Fields = new FieldReader(
                parsed.GetValue(keyField),
                parsed.GetValue(timestampField),
                new TimestampParser(parsed.GetValue(timestampFormat), parsed.GetValue(zone))),
            Headers = [.. parsed.GetRequiredValue(headers).Select(pair =>
                new RecordHeader(pair.Key, Encoding.UTF8.GetBytes(pair.Value)))],
            Compression = CodecOf(parsed.GetValue(compression)),
            Durability = DurabilityOf(parsed.GetValue(acks)),
            AsJson = parsed.GetRequiredValue(output) == "json",
        }, cancellation));
        return command;
    }

    private static Option<TimeZoneInfo?> Zone() => new("--tz")
    {
        Description = "Time zone of timestamps that name no offset, such as Europe/Berlin (default: UTC)",
        HelpName = "ZONE",
        CustomParser = result =>
        {
            if (!TimeZoneInfo.TryFindSystemTimeZoneById(result.Tokens[0].Value, out TimeZoneInfo? found))
            {
                result.AddError($"--tz: this system knows no time zone '{result.Tokens[0].Value}'");
            }

            return found;
        },
    };

    private static void CheckTimestamp(
        CommandResult result, Option<string?> field, Option<string?> format, Option<TimeZoneInfo?> zone)
    {
        if (result.GetResult(field) is null && (result.GetResult(format) is not null || result.GetResult(zone) is not null))
        {
            result.AddError("--timestamp-format and --tz need --timestamp-field");
        }
    }

    private static Codec CodecOf(string? name) => name switch
    {
        "lz4" => Codec.Lz4,
        "zstd" => Codec.Zstd,
        _ => Codec.None,
    };

    private static Durability DurabilityOf(string? name) => name switch
    {
        "durable" => Durability.Durable,
        "os" => Durability.Os,
        _ => Durability.TopicDefault,
    };
}
