using System.Text.Json;

namespace Broker.Checker.Histories;

/// <summary>The field <c>ops</c>: what a call does, one array for each thing.</summary>
/// <remarks>For one thread: it uses its lists again.</remarks>
internal sealed class MicroOpParser
{
    private readonly List<SentRecord> _sends = [];
    private readonly List<PolledRecord> _polls = [];
    private readonly List<PartitionPosition> _positions = [];
    private readonly List<PartitionEnds> _ends = [];

    public void Parse(ref Utf8JsonReader json, HistoryEvent found)
    {
        ExpectPresent(ref json, JsonTokenType.StartArray, "'ops' is an array");
        _sends.Clear();
        _polls.Clear();
        _positions.Clear();
        _ends.Clear();
        while (json.MoreOfArray())
        {
            ExpectPresent(ref json, JsonTokenType.StartArray, "each of 'ops' is an array");
            json.Expect(JsonTokenType.String, "what to do");
            if (json.ValueTextEquals("send"u8))
            {
                _sends.Add(Send(ref json));
            }
            else if (json.ValueTextEquals("poll"u8))
            {
                Polled(ref json, _polls);
            }
            else if (json.ValueTextEquals("offsets"u8) || json.ValueTextEquals("assign"u8))
            {
                Positions(ref json, _positions);
            }
            else if (json.ValueTextEquals("ends"u8))
            {
                Ends(ref json, _ends);
            }
            else
            {
                throw new JsonException($"'ops': there is no '{json.GetString()}'");
            }
        }

        found.Sends = [.. _sends];
        found.Polls = [.. _polls];
        found.Positions = [.. _positions];
        found.Ends = [.. _ends];
    }

    public static int[] Keys(ref Utf8JsonReader json)
    {
        ExpectPresent(ref json, JsonTokenType.StartArray, "'reb' is an array");
        var keys = new List<int>();
        while (json.MoreOfArray())
        {
            keys.Add((int)json.Number("a partition", EventParser.KeyMax));
        }

        return [.. keys];
    }

    /// <summary><c>["send", key, value]</c> or <c>["send", key, [offset, value]]</c>, and perhaps <c>[key, value]</c> of its source.</summary>
    private static SentRecord Send(ref Utf8JsonReader json)
    {
        int key = (int)json.NextNumber("a partition", EventParser.KeyMax);
        json.Read();
        bool hasOffset = json.TokenType == JsonTokenType.StartArray;
        long offset = hasOffset ? json.NextNumber("an offset") : -1;
        long value = hasOffset ? json.NextNumber("a value") : json.Number("a value");
        if (hasOffset)
        {
            json.Expect(JsonTokenType.EndArray, "the end of [offset, value]");
        }

        var sent = new SentRecord(key, value) { Offset = offset };
        if (!json.MoreOfArray())
        {
            return sent;
        }

        ExpectPresent(ref json, JsonTokenType.StartArray, "a source is an array");
        sent = sent with
        {
            SourceKey = (int)json.NextNumber("a partition", EventParser.KeyMax),
            SourceValue = json.NextNumber("a value"),
        };
        json.Expect(JsonTokenType.EndArray, "the end of [key, value]");
        json.Expect(JsonTokenType.EndArray, "the end of send");
        return sent;
    }

    /// <summary><c>["poll"]</c> or <c>["poll", {"key": [[offset, value], …], …}]</c>; the value is null for a broken payload.</summary>
    private static void Polled(ref Utf8JsonReader json, List<PolledRecord> polls)
    {
        if (!json.MoreOfArray())
        {
            return;
        }

        ExpectPresent(ref json, JsonTokenType.StartObject, "what was polled is an object");
        while (json.MoreOfObject())
        {
            int key = json.KeyName();
            json.Expect(JsonTokenType.StartArray, "records");
            while (json.MoreOfArray())
            {
                ExpectPresent(ref json, JsonTokenType.StartArray, "a record is [offset, value]");
                polls.Add(new PolledRecord(key, json.NextNumber("an offset"), json.NextNumberOrNull("a value") ?? PolledRecord.NoValue));
                json.Expect(JsonTokenType.EndArray, "the end of [offset, value]");
            }
        }

        json.Expect(JsonTokenType.EndArray, "the end of poll");
    }

    /// <summary><c>["offsets", {"key": position, …}]</c>; null where there is none.</summary>
    private static void Positions(ref Utf8JsonReader json, List<PartitionPosition> positions)
    {
        json.Expect(JsonTokenType.StartObject, "positions");
        while (json.MoreOfObject())
        {
            positions.Add(new PartitionPosition(json.KeyName(), json.NextNumberOrNull("a position") ?? PartitionPosition.None));
        }

        json.Expect(JsonTokenType.EndArray, "the end of positions");
    }

    /// <summary><c>["ends"]</c> or <c>["ends", {"key": [log start, high watermark], …}]</c>.</summary>
    private static void Ends(ref Utf8JsonReader json, List<PartitionEnds> ends)
    {
        if (!json.MoreOfArray())
        {
            return;
        }

        ExpectPresent(ref json, JsonTokenType.StartObject, "ends are an object");
        while (json.MoreOfObject())
        {
            int key = json.KeyName();
            json.Expect(JsonTokenType.StartArray, "[log start, high watermark]");
            ends.Add(new PartitionEnds(key, json.NextNumber("a log start"), json.NextNumber("a high watermark")));
            json.Expect(JsonTokenType.EndArray, "the end of [log start, high watermark]");
        }

        json.Expect(JsonTokenType.EndArray, "the end of ends");
    }

    private static void ExpectPresent(ref Utf8JsonReader json, JsonTokenType token, string what)
    {
        if (json.TokenType != token)
        {
            throw new JsonException(what);
        }
    }
}
