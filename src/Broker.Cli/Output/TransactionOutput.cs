using System.Text.Json;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Output;

/// <summary>Transactions for people and for programs.</summary>
internal static class TransactionOutput
{
    public static void WriteList(CliHost host, IReadOnlyList<OpenTransaction> open, string format)
    {
        if (format == "json")
        {
            Json.Write(host, json =>
            {
                json.WriteStartArray();
                foreach (OpenTransaction transaction in open)
                {
                    WriteJson(json, transaction);
                }

                json.WriteEndArray();
            });
            return;
        }

        var table = new TextTable("Producer", "#Number", "#Age", "#Timeout", "#Partitions", "#Records", "#Bytes", "#In file", "Client");
        foreach (OpenTransaction transaction in open)
        {
            table.Add(
                transaction.Producer, transaction.Number.ToString(), Human.Duration(transaction.Age), Human.Duration(transaction.Timeout),
                Human.Count(transaction.PartitionCount), Human.Count(transaction.RecordCount), Human.Bytes(transaction.Bytes),
                Human.Bytes(transaction.FileBytes), transaction.ClientId);
        }

        table.Write(host);
    }

    public static void WriteDescription(CliHost host, TransactionDescription description, string format)
    {
        if (format == "json")
        {
            Json.Write(host, json => WriteJson(json, description));
            return;
        }

        host.Text.WriteLine($"producer {description.Producer}: id {description.ProducerId}, epoch {description.Epoch}");
        if (description.Open is { } open)
        {
            host.Text.WriteLine(
                $"transaction {open.Number} is open for {Human.Duration(open.Age)} of {Human.Duration(open.Timeout)}, with {Human.Count(open.RecordCount, "record")}, {Human.Bytes(open.Bytes)}");
            var staged = new TextTable("Topic", "#Partition", "#Batches", "#Records", "#Bytes");
            foreach (StagedRecords records in description.Staged)
            {
                staged.Add(
                    records.Topic, records.Partition.ToString(), Human.Count(records.BatchCount), Human.Count(records.RecordCount), Human.Bytes(records.Bytes));
            }

            staged.Write(host);
        }
        else
        {
            host.Text.WriteLine("no transaction is open");
        }

        if (description.LastCommit is { } commit)
        {
            host.Text.WriteLine($"last commit {commit.CommitTime:yyyy-MM-dd HH:mm:ss}Z");
            var places = new TextTable("Topic", "#Partition", "#First offset", "#Records");
            foreach (CommittedRecords records in commit.Partitions)
            {
                places.Add(records.Topic, records.Partition.ToString(), records.BaseOffset.ToString(), Human.Count(records.RecordCount));
            }

            places.Write(host);
        }
    }

    /// <param name="aborted">Null when none was open.</param>
    public static void WriteAborted(CliHost host, string producer, OpenTransaction? aborted, string format)
    {
        if (format == "json")
        {
            Json.Write(host, json =>
            {
                json.WriteStartObject();
                json.WriteString("producer", producer);
                WriteOrNull(json, "aborted", aborted, WriteJson);
                json.WriteEndObject();
            });
            return;
        }

        host.Text.WriteLine(aborted is null ? $"{producer} has no transaction open" : $"transaction {aborted.Number} of {producer} aborted");
    }

    private static void WriteJson(Utf8JsonWriter json, TransactionDescription description)
    {
        json.WriteStartObject();
        json.WriteString("producer", description.Producer);
        json.WriteNumber("producer_id", description.ProducerId);
        json.WriteNumber("epoch", description.Epoch);
        WriteOrNull(json, "open", description.Open, WriteJson);
        json.WriteStartArray("staged");
        foreach (StagedRecords records in description.Staged)
        {
            json.WriteStartObject();
            json.WriteString("topic", records.Topic);
            json.WriteNumber("partition", records.Partition);
            json.WriteNumber("batches", records.BatchCount);
            json.WriteNumber("records", records.RecordCount);
            json.WriteNumber("bytes", records.Bytes);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        WriteOrNull(json, "last_commit", description.LastCommit, WriteJson);
        json.WriteEndObject();
    }

    private static void WriteOrNull<T>(Utf8JsonWriter json, string name, T? value, Action<Utf8JsonWriter, T> write)
        where T : class
    {
        json.WritePropertyName(name);
        if (value is null)
        {
            json.WriteNullValue();
        }
        else
        {
            write(json, value);
        }
    }

    private static void WriteJson(Utf8JsonWriter json, TransactionResult commit)
    {
        json.WriteStartObject();
        json.WriteString("commit_time", commit.CommitTime);
        json.WriteStartArray("partitions");
        foreach (CommittedRecords records in commit.Partitions)
        {
            json.WriteStartObject();
            json.WriteString("topic", records.Topic);
            json.WriteNumber("partition", records.Partition);
            json.WriteNumber("base_offset", records.BaseOffset);
            json.WriteNumber("records", records.RecordCount);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteJson(Utf8JsonWriter json, OpenTransaction open)
    {
        json.WriteStartObject();
        json.WriteString("producer", open.Producer);
        json.WriteNumber("producer_id", open.ProducerId);
        json.WriteNumber("epoch", open.Epoch);
        json.WriteNumber("number", open.Number);
        json.WriteString("client_id", open.ClientId);
        json.WriteNumber("age_seconds", Math.Round(open.Age.TotalSeconds, 3));
        json.WriteNumber("timeout_seconds", open.Timeout.TotalSeconds);
        json.WriteNumber("partitions", open.PartitionCount);
        json.WriteNumber("batches", open.BatchCount);
        json.WriteNumber("records", open.RecordCount);
        json.WriteNumber("bytes", open.Bytes);
        json.WriteNumber("file_bytes", open.FileBytes);
        json.WriteEndObject();
    }
}
