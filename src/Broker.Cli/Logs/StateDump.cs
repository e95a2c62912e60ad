using System.Text;
using System.Text.Json;
using Broker.Cli.Output;
using Broker.Engine.Inspection;
using Broker.Engine.State;

namespace Broker.Cli.Logs;

/// <summary>The stored state of a data directory, one entry a line.</summary>
internal sealed class StateDump(TextWriter output, bool asJson)
{
    public static string[] Families { get; } = [.. Enum.GetNames<StateFamily>().Select(name => name.ToLowerInvariant())];

    /// <param name="family">Null for all.</param>
    public void Write(DataDirectory data, string? family, CancellationToken cancellation)
    {
        foreach (StateRecord record in data.State().Where(record => family is null || record.Family == family))
        {
            cancellation.ThrowIfCancellationRequested();
            output.WriteLine(asJson ? ToJson(record) : $"{record.Family}: {string.Join(", ", record.Fields.Select(ToText))}");
        }
    }

    private static string ToText((string Name, object Value) field) => $"{field.Name} {ToText(field.Value)}";

    private static string ToText(object value) => value switch
    {
        string text => text.Length == 0 ? "-" : text,
        bool flag => flag ? "yes" : "no",
        List<object> list => $"[{string.Join("; ", list.Select(ToText))}]",
        (string, object)[] fields => string.Join(", ", fields.Select(ToText)),
        _ => $"{value}",
    };

    private static string ToJson(StateRecord record)
    {
        using var buffer = new MemoryStream();
        using (var json = new Utf8JsonWriter(buffer, Json.OneLine))
        {
            Write(json, [("family", record.Family), .. record.Fields]);
        }

        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }

    private static void Write(Utf8JsonWriter json, IEnumerable<(string Name, object Value)> fields)
    {
        json.WriteStartObject();
        foreach ((string name, object value) in fields)
        {
            json.WritePropertyName(name);
            Write(json, value);
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, object value)
    {
        switch (value)
        {
            case string text:
                json.WriteStringValue(text);
                break;
            case bool flag:
                json.WriteBooleanValue(flag);
                break;
            case List<object> list:
                json.WriteStartArray();
                list.ForEach(each => Write(json, each));
                json.WriteEndArray();
                break;
            case (string, object)[] fields:
                Write(json, fields);
                break;
            default:
                json.WriteNumberValue((long)value);
                break;
        }
    }
}
