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
            Description = "Give up the damaged records for ever, so that their partitions take records again",
        };
        var command = new Command("repair", "Settle the damage of a data directory: serve again what was put back, give up what is lost")
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
        else if (result.Steps.Count == 0)
        {
            host.Text.WriteLine("nothing is damaged");
        }
        else
        {
            result.Steps.ToList().ForEach(step => host.Text.WriteLine(step.ToString()));
        }

        return result.Steps.Any(s => s.Outcome == RepairOutcome.Waiting) ? ExitCode.Failure : ExitCode.Ok;
    }

    private static void WriteJson(Utf8JsonWriter json, RepairResult result)
    {
        json.WriteStartObject();
        json.WriteBoolean("settled", result.Steps.All(s => s.Outcome != RepairOutcome.Waiting));
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
