using System.CommandLine;
using Broker.Cli.Logs;
using Broker.Cli.Terminal;
using Broker.Engine.Inspection;

namespace Broker.Cli.Commands;

internal static class LogDumpCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> directory = CommonOptions.DataDirectory();
        var journal = new Option<bool>("--journal") { Description = "The journal's frames instead of the topics' batches" };
        var topic = new Option<string?>("--topic") { Description = "Only this topic, by name or id", HelpName = "TOPIC" };
        Option<int?> partition = CommonOptions.Number("--partition", "Only this partition", "P", min: 0);
        Option<string> output = CommonOptions.Output();
        var command = new Command("dump", "List the batches of every segment, or the frames of the journal")
        {
            directory, journal, topic, partition, output,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(journal) && (result.GetResult(topic) is not null || result.GetResult(partition) is not null))
            {
                result.AddError("--journal goes with neither --topic nor --partition: the journal is one for all of them");
            }
        });
        examples[command] =
        [
            "broker log dump ./data --topic orders --partition 0",
            "broker log dump ./data --journal -o json | jq -r .kind | sort | uniq -c",
        ];
        command.SetAction((parsed, cancellation) =>
        {
            using DataDirectory data = DataDirectory.Open(parsed.GetRequiredValue(directory));
            var dump = new LogDump(host.Text, parsed.GetRequiredValue(output) == "json");
            if (parsed.GetValue(journal))
            {
                dump.WriteJournal(data, cancellation);
            }
            else
            {
                dump.WriteBatches(data, parsed.GetValue(topic), parsed.GetValue(partition), cancellation);
            }

            return Task.FromResult(ExitCode.Ok);
        });
        return command;
    }
}
