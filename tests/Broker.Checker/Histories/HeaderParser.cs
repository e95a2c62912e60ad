using System.Text.Json;

namespace Broker.Checker.Histories;

/// <summary>Makes a header of the first line.</summary>
internal static class HeaderParser
{
    /// <exception cref="JsonException">It is none, or one of a later version.</exception>
    public static HistoryHeader Parse(ReadOnlySpan<byte> line)
    {
        var json = new Utf8JsonReader(line);
        json.Expect(JsonTokenType.StartObject, "the header of a history");
        long version = -1;
        long? seed = null;
        var names = new Dictionary<int, string>();
        while (json.MoreOfObject())
        {
            string field = json.GetString()!;
            switch (field)
            {
                case "history":
                    version = json.NextNumber(field);
                    break;
                case "seed":
                    seed = json.NextNumber(field);
                    break;
                case "keys":
                    ReadNames(ref json, names);
                    break;
                default:
                    throw new JsonException($"the first line is the header, {{\"history\":{HistoryHeader.FormatVersion}, …}}, which has no field '{field}'");
            }
        }

        return version switch
        {
            HistoryHeader.FormatVersion => new HistoryHeader { Seed = seed, Names = names },
            < 0 => throw new JsonException("'history' is missing"),
            _ => throw new JsonException($"a history of version {version}; this checker reads version {HistoryHeader.FormatVersion}"),
        };
    }

    private static void ReadNames(ref Utf8JsonReader json, Dictionary<int, string> names)
    {
        json.Expect(JsonTokenType.StartObject, "names by key");
        while (json.MoreOfObject())
        {
            int key = json.KeyName();
            json.Read();
            names[key] = json.Text("the name of a partition");
        }
    }
}
