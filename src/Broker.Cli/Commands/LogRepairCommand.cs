using System.CommandLine;
using System.Text.Json;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Engine.Inspection;

namespace Broker.Cli.Commands;

internal static class LogRepairCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> directory = CommonOptions.DataDirectory();
        Option<string> output = CommonOptions.Output();
        var acceptLoss = new Option<bool>("--accept-loss")
        {
            Description = "Give up for ever what is damaged: records, so that their partitions take others again, and what a damaged journal cannot tell",
        };
        var command = new Command(
            "repair",
            "Settle the damage of a data directory: serve again what was put back, give up what is lost. Opens the directory as a start does: "
                + "it goes on a run, and a cut-off end of the journal is cut")
        {
            directory, acceptLoss, output,
        };
        examples[command] =
        [
            "broker log repair ./data                  # what was mended; what would be lost is only named",
            "broker log repair ./data --accept-loss",
        ];
        command.SetAction((parsed, cancellation) => RunAsync(
            host, parsed.GetRequiredValue(directory), parsed.GetValue(acceptLoss), parsed.GetRequiredValue(output) == "json", cancellation));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, string path, bool acceptLoss, bool asJson, CancellationToken cancellation)
    {
        long total, begun = 0;
        string current = "";
        using (DataDirectory directory = DataDirectory.Open(path))
        {
            total = directory.CheckpointedBytes;
        }

        Task<RepairResult> work = Task.Run(
            () => Repair.RunAsync(path, acceptLoss, TimeProvider.System, (segment, bytes) =>
            {
                cancellation.ThrowIfCancellationRequested();
                current = segment;
                begun += bytes;
            }),
            cancellation);
        await ProgressDisplay.ShowWhileAsync(host, work, total, () => Volatile.Read(ref begun), () => Volatile.Read(ref current))
            .ConfigureAwait(false);
        RepairResult result = await work.ConfigureAwait(false);
        if (asJson)
        {
            Json.Write(host, json => WriteJson(json, result));
        }
        else
        {
            WriteText(host, result);
        }

        return result.IsSettled ? ExitCode.Ok : ExitCode.Failure;
    }

    private static void WriteText(CliHost host, RepairResult result)
    {
        if (result.Journal is { } journal)
        {
            host.Text.WriteLine(journal.ToString());
        }
        else if (result.Steps.Count == 0)
        {
            host.Text.WriteLine("nothing is damaged");
        }

        result.Steps.ToList().ForEach(step => host.Text.WriteLine(step.ToString()));
    }

    private static void WriteJournal(Utf8JsonWriter json, JournalRepair journal)
    {
        json.WriteStartObject("journal");
        json.WriteString("damage", journal.Damage);
        json.WriteString("outcome", journal.Salvage is null ? "waiting" : "given-up");
        if (journal.Salvage is { } salvage)
        {
            json.WriteNumber("last_entry", salvage.Replay.End.Lsn);
            json.WriteNumber("lost_entries", salvage.LostEntryCount);
            json.WriteNumber("kept_batches", salvage.BatchCount);
            json.WriteNumber("kept_records", salvage.RecordCount);
            json.WriteString("kept_in", journal.KeptIn);
        }

        json.WriteEndObject();
    }

    private static void WriteJson(Utf8JsonWriter json, RepairResult result)
    {
        json.WriteStartObject();
        json.WriteBoolean("settled", result.IsSettled);
        if (result.Journal is { } journal)
        {
            WriteJournal(json, journal);
        }

        json.WriteStartArray("steps");
        foreach (RepairStep step in result.Steps)
        {
            json.WriteStartObject();
            json.WriteString("topic", step.Topic);
            json.WriteNumber("partition", step.Partition);
            json.WriteNumber("from_offset", step.FromOffset);
            json.WriteNumber("next_offset", step.NextOffset);
            json.WriteString("path", step.Path);
            json.WriteString("outcome", step.Outcome switch
            {
                RepairOutcome.Mended => "mended",
                RepairOutcome.GivenUp => "given-up",
                _ => "waiting",
            });
            json.WriteString("kept_as", step.KeptAs);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
