using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Engine.Inspection;

namespace Broker.Cli.Commands;

internal static class LogVerifyCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> directory = CommonOptions.DataDirectory();
        var topic = new Option<string?>("--topic")
        {
            Description = "Read the segments of this topic alone, by name or id, beside the journal and the damage that is known",
            HelpName = "TOPIC",
        };
        Option<string> output = CommonOptions.Output();
        var command = new Command("verify", "Read everything and check every checksum; fails when there is damage")
        {
            directory, topic, output,
        };
        examples[command] = ["broker log verify ./data && echo sound", "broker log verify ./data --topic orders"];
        command.SetAction((parsed, cancellation) => RunAsync(
            host, parsed.GetRequiredValue(directory), parsed.GetValue(topic), parsed.GetRequiredValue(output) == "json", cancellation));
        return command;
    }

    private static async Task<int> RunAsync(CliHost host, string path, string? topic, bool asJson, CancellationToken cancellation)
    {
        using DataDirectory directory = DataDirectory.Open(path);
        long? total = topic is null ? directory.CheckpointedBytes : null;
        long begun = 0;
        string current = "";
        long started = Stopwatch.GetTimestamp();
        Task<VerifyResult> work = Task.Run(
            () => directory.Verify((segment, bytes) =>
            {
                cancellation.ThrowIfCancellationRequested();
                current = segment;
                begun += bytes;
            }, topic),
            cancellation);
        await ProgressDisplay.ShowWhileAsync(host, work, total, () => Volatile.Read(ref begun), () => Volatile.Read(ref current))
            .ConfigureAwait(false);
        VerifyResult result = await work.ConfigureAwait(false);
        foreach (Problem problem in result.Problems)
        {
            ErrorLine.Write(host, problem.Description);
        }

        if (asJson)
        {
            Json.Write(host, json => WriteJson(json, result));
        }
        else
        {
            WriteText(host, result, Stopwatch.GetElapsedTime(started));
        }

        return result.Problems.Count == 0 ? ExitCode.Ok : ExitCode.Failure;
    }

    private static void WriteText(CliHost host, VerifyResult result, TimeSpan elapsed)
    {
        string verdict = result.Problems.Count == 0 ? "sound" : $"{Human.Count(result.Problems.Count, "damaged place")}";
        host.Text.WriteLine(
            $"{verdict}: {Human.Count(result.TopicCount, "topic")}, {Human.Count(result.SegmentCount, "segment")}, "
            + $"{Human.Count(result.RecordCount, "record")} in {Human.Count(result.BatchCount, "batch", "batches")}, "
            + $"{Human.Count(result.JournalEntryCount, "journal entry", "journal entries")} after the checkpoint; "
            + $"{Human.Bytes(result.BytesRead)} read in {Human.Duration(elapsed)}");
        if (result.GivenUpRecordCount > 0)
        {
            host.Text.WriteLine($"{Human.Count(result.GivenUpRecordCount, "damaged record")} given up by log repair --accept-loss");
        }

        if (result.TornTail is { } torn)
        {
            host.Text.WriteLine($"the journal ends in a write that was cut off, in {torn}: no damage, the next start cuts it");
        }
    }

    private static void WriteJson(Utf8JsonWriter json, VerifyResult result)
    {
        json.WriteStartObject();
        json.WriteBoolean("sound", result.Problems.Count == 0);
        json.WriteNumber("topics", result.TopicCount);
        json.WriteNumber("segments", result.SegmentCount);
        json.WriteNumber("batches", result.BatchCount);
        json.WriteNumber("records", result.RecordCount);
        json.WriteNumber("journal_entries", result.JournalEntryCount);
        json.WriteNumber("bytes_read", result.BytesRead);
        json.WriteString("torn_tail", result.TornTail);
        json.WriteNumber("given_up_records", result.GivenUpRecordCount);
        json.WriteStartArray("problems");
        foreach (Problem problem in result.Problems)
        {
            json.WriteStartObject();
            json.WriteString("path", problem.Path);
            json.WriteNumber("position", problem.Position);
            json.WriteString("description", problem.Description);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
