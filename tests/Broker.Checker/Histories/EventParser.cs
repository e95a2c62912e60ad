using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Broker.Checker.Histories;

/// <summary>Makes events of lines. What is no such line ends as <see cref="JsonException"/> that says what is wrong in it.</summary>
/// <remarks>For one thread. A history has millions of lines: text that comes again is kept once.</remarks>
internal sealed class EventParser
{
    /// <summary>Partitions are numbered by the harness, from 0 on: what is larger is a mistake, and would take memory.</summary>
    public const int KeyMax = 1_000_000;

    /// <summary>The most frequent ones first.</summary>
    public static IReadOnlyList<string> Fields { get; } =
    [
        "i", "t", "p", "k", "f", "ops", "inc", "pid", "ep", "txn", "tid", "ct", "committed", "retry", "group", "reb", "error",
    ];

    private const EventKind NoKind = (EventKind)byte.MaxValue;
    private const Function NoFunction = (Function)byte.MaxValue;

    private readonly MicroOpParser _microOps = new();
    private readonly Dictionary<string, string> _texts = [];

    public HistoryEvent Parse(ReadOnlySpan<byte> line)
    {
        var json = new Utf8JsonReader(line);
        json.Expect(JsonTokenType.StartObject, "an object");
        var found = new HistoryEvent(Process: -1, NoKind, NoFunction) { TimeNs = -1 };
        while (json.MoreOfObject())
        {
            string field = FieldOf(ref json);
            json.Read();
            SetField(ref json, found, field);
        }

        if (json.Read())
        {
            throw new JsonException("something follows the object");
        }

        return found switch
        {
            { Index: < 0 } => throw Missing("i"),
            { TimeNs: < 0 } => throw Missing("t"),
            { Process: < 0 } => throw Missing("p"),
            { Kind: NoKind } => throw Missing("k"),
            { Function: NoFunction } => throw Missing("f"),
            _ => found,
        };
    }

    private void SetField(ref Utf8JsonReader json, HistoryEvent found, string field)
    {
        switch (field)
        {
            case "i":
                found.Index = json.Number(field, int.MaxValue - 1);
                break;
            case "t":
                found.TimeNs = json.Number(field);
                break;
            case "p":
                found.Process = (int)json.Number(field, int.MaxValue);
                break;
            case "k":
                found.Kind = Names.ParseKind(json.ValueSpan) ?? throw new JsonException($"'k' is invoke, ok, fail or info, not '{json.Text(field)}'");
                break;
            case "f":
                found.Function = Names.ParseFunction(json.ValueSpan) ?? throw new JsonException($"'f': there is no '{json.Text(field)}'");
                break;
            case "ops":
                _microOps.Parse(ref json, found);
                break;
            default:
                SetDetail(ref json, found, field);
                break;
        }
    }

    private void SetDetail(ref Utf8JsonReader json, HistoryEvent found, string field)
    {
        switch (field)
        {
            case "inc":
                found.Incarnation = json.Number(field);
                break;
            case "pid":
                found.ProducerId = json.Number(field);
                break;
            case "ep":
                found.Epoch = (int)json.Number(field, int.MaxValue);
                break;
            case "tid":
                found.TransactionalId = Pooled(json.Text(field));
                break;
            case "txn":
                found.TransactionNumber = json.Number(field);
                break;
            case "ct":
                found.CommitTimeNs = json.Number(field);
                break;
            case "committed":
                found.Committed = json.Truth(field);
                break;
            case "retry":
                found.IsRetry = json.Truth(field);
                break;
            case "group":
                found.Group = Pooled(json.Text(field));
                break;
            case "reb":
                found.Rebalanced = MicroOpParser.Keys(ref json);
                break;
            case "error":
                found.Error = Pooled(json.Text(field));
                break;
            default:
                throw new UnreachableException(field);
        }
    }

    private static string FieldOf(ref Utf8JsonReader json)
    {
        foreach (string field in Fields)
        {
            if (Ascii.Equals(json.ValueSpan, field))
            {
                return field;
            }
        }

        throw new JsonException($"there is no field '{json.GetString()}'");
    }

    private string Pooled(string text)
    {
        if (!_texts.TryGetValue(text, out string? pooled))
        {
            _texts.Add(text, pooled = text);
        }

        return pooled;
    }

    private static JsonException Missing(string field) => new($"'{field}' is missing");
}
