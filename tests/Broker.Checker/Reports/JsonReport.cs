using System.Text.Encodings.Web;
using System.Text.Json;
using Broker.Checker.Anomalies;
using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Reports;

/// <summary>A verdict for programs. Names are snake_case and are never renamed.</summary>
internal static class JsonReport
{
    /// <summary>Nothing here is pasted into HTML: text stays readable.</summary>
    public static readonly JsonWriterOptions Options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonSerializerOptions SnakeCase = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static void Write(Utf8JsonWriter json, string path, Verdict verdict)
    {
        History history = verdict.Facts.History;
        json.WriteStartObject();
        json.WriteString("history", path);
        json.WriteBoolean("good", verdict.IsGood);
        json.WriteString("verdict", verdict.Words);
        json.WriteBoolean("torn", history.IsTorn);
        json.WritePropertyName("seed");
        JsonSerializer.Serialize(json, history.Header.Seed);
        json.WritePropertyName("figures");
        JsonSerializer.Serialize(json, verdict.Figures, SnakeCase);
        json.WriteStartArray("anomalies");
        foreach ((Anomaly anomaly, int count) in verdict.Findings.Counts)
        {
            json.WriteStartObject();
            json.WriteString("name", anomaly.Name);
            json.WriteBoolean("forbidden", verdict.Policy.Forbids(anomaly));
            json.WriteNumber("count", count);
            json.WriteStartArray("examples");
            foreach (Finding finding in verdict.Findings.ExamplesOf(anomaly))
            {
                WriteFinding(json, verdict.Facts, finding);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteFinding(Utf8JsonWriter json, Facts facts, Finding finding)
    {
        json.WriteStartObject();
        json.WriteString("what", finding.What);
        if (finding.Key >= 0)
        {
            json.WriteNumber("key", finding.Key);
            json.WriteString("partition", facts.History.NameOf(finding.Key));
            json.WriteNumber("offset", finding.Offset);
        }

        json.WriteStartArray("log");
        foreach (LogEntry entry in Excerpt.LogOf(facts, finding))
        {
            json.WriteStartObject();
            json.WriteNumber("offset", entry.Offset);
            json.WriteNumber("value", entry.Value);
            json.WriteNumber("sent_by", entry.Write < 0 ? -1 : facts.History.Operations[facts.Writes.All[entry.Write].Operation].InvokedAt);
            json.WriteBoolean("polled", entry.IsPolled);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteStartArray("operations");
        foreach (Operation operation in Excerpt.OperationsOf(facts, finding))
        {
            // In the words of the history itself.
            EventFormat.Write(
                json,
                new HistoryEvent(operation.Process, operation.Outcome, operation.Function)
                {
                    Polls = Excerpt.PollsOf(operation, finding),
                    Sends = Excerpt.SendsOf(operation, finding),
                    Positions = Excerpt.PositionsOf(operation, finding),
                    Ends = Excerpt.EndsOf(operation, finding),
                    Group = operation.Group,
                    TransactionalId = operation.TransactionalId,
                    ProducerId = operation.ProducerId,
                    Epoch = operation.Epoch,
                    TransactionNumber = operation.TransactionNumber,
                    CommitTimeNs = operation.CommitTimeNs,
                    Committed = operation.Committed,
                    IsRetry = operation.IsRetry,
                    Incarnation = operation.Incarnation,
                    Error = operation.Error,
                },
                operation.InvokedAt,
                operation.InvokedNs);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }
}
