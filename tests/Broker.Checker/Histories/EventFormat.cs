using System.Globalization;
using System.Text.Json;

namespace Broker.Checker.Histories;

/// <summary>Events as JSON: docs/history-format.md. Fields that say nothing are left out.</summary>
internal static class EventFormat
{
    public static void Write(Utf8JsonWriter json, HistoryHeader header)
    {
        json.WriteStartObject();
        json.WriteNumber("history", HistoryHeader.FormatVersion);
        if (header.Seed is { } seed)
        {
            json.WriteNumber("seed", seed);
        }

        json.WriteStartObject("keys");
        foreach ((int key, string name) in header.Names)
        {
            json.WriteString(Text(key), name);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    public static void Write(Utf8JsonWriter json, HistoryEvent written, long index, long timeNs)
    {
        json.WriteStartObject();
        json.WriteNumber("i", index);
        json.WriteNumber("t", timeNs);
        json.WriteNumber("p", written.Process);
        json.WriteString("k", Names.Of(written.Kind));
        json.WriteString("f", Names.Of(written.Function));
        WriteMicroOps(json, written);
        WriteNumber(json, "inc", written.Incarnation);
        WriteText(json, "tid", written.TransactionalId);
        WriteNumber(json, "pid", written.ProducerId);
        WriteNumber(json, "ep", written.Epoch);
        WriteNumber(json, "txn", written.TransactionNumber);
        WriteNumber(json, "ct", written.CommitTimeNs);
        if (written.Committed is { } committed)
        {
            json.WriteBoolean("committed", committed);
        }

        if (written.IsRetry)
        {
            json.WriteBoolean("retry", true);
        }

        WriteText(json, "group", written.Group);
        if (written.Rebalanced.Length > 0)
        {
            json.WriteStartArray("reb");
            foreach (int key in written.Rebalanced)
            {
                json.WriteNumberValue(key);
            }

            json.WriteEndArray();
        }

        WriteText(json, "error", written.Error);
        json.WriteEndObject();
    }

    private static void WriteMicroOps(Utf8JsonWriter json, HistoryEvent written)
    {
        json.WriteStartArray("ops");
        if (written.Polls.Length > 0 || written.Function == Function.Poll)
        {
            WritePoll(json, written.Polls);
        }

        foreach (SentRecord sent in written.Sends)
        {
            WriteSend(json, sent);
        }

        if (written.Positions.Length > 0)
        {
            WritePositions(json, written.Function == Function.Assign ? "assign" : "offsets", written.Positions);
        }

        if (written.Ends.Length > 0)
        {
            WriteEnds(json, written.Ends);
        }

        json.WriteEndArray();
    }

    private static void WriteSend(Utf8JsonWriter json, SentRecord sent)
    {
        json.WriteStartArray();
        json.WriteStringValue("send");
        json.WriteNumberValue(sent.Key);
        if (sent.Offset >= 0)
        {
            WritePair(json, sent.Offset, sent.Value);
        }
        else
        {
            json.WriteNumberValue(sent.Value);
        }

        if (sent.SourceKey >= 0)
        {
            WritePair(json, sent.SourceKey, sent.SourceValue);
        }

        json.WriteEndArray();
    }

    private static void WritePoll(Utf8JsonWriter json, PolledRecord[] polls)
    {
        json.WriteStartArray();
        json.WriteStringValue("poll");
        if (polls.Length > 0)
        {
            json.WriteStartObject();
            foreach (IGrouping<int, PolledRecord> ofKey in polls.GroupBy(record => record.Key))
            {
                json.WriteStartArray(Text(ofKey.Key));
                foreach (PolledRecord record in ofKey)
                {
                    WritePair(json, record.Offset, record.Value == PolledRecord.NoValue ? null : record.Value);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WritePositions(Utf8JsonWriter json, string name, PartitionPosition[] positions)
    {
        json.WriteStartArray();
        json.WriteStringValue(name);
        json.WriteStartObject();
        foreach (PartitionPosition each in positions)
        {
            json.WritePropertyName(Text(each.Key));
            WriteNumberOrNull(json, each.Position == PartitionPosition.None ? null : each.Position);
        }

        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteEnds(Utf8JsonWriter json, PartitionEnds[] ends)
    {
        json.WriteStartArray();
        json.WriteStringValue("ends");
        json.WriteStartObject();
        foreach (PartitionEnds each in ends)
        {
            json.WritePropertyName(Text(each.Key));
            WritePair(json, each.LogStart, each.HighWatermark);
        }

        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WritePair(Utf8JsonWriter json, long first, long? second)
    {
        json.WriteStartArray();
        json.WriteNumberValue(first);
        WriteNumberOrNull(json, second);
        json.WriteEndArray();
    }

    private static void WriteNumberOrNull(Utf8JsonWriter json, long? number)
    {
        if (number is { } value)
        {
            json.WriteNumberValue(value);
        }
        else
        {
            json.WriteNullValue();
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, long number)
    {
        if (number >= 0)
        {
            json.WriteNumber(name, number);
        }
    }

    private static void WriteText(Utf8JsonWriter json, string name, string? text)
    {
        if (text is not null)
        {
            json.WriteString(name, text);
        }
    }

    private static string Text(int key) => key.ToString(CultureInfo.InvariantCulture);
}
