using System.Text.Json;
using Broker.Cli.Output;
using Broker.Cli.Terminal;

namespace Broker.Cli.Produce;

/// <summary>What a produce command did.</summary>
internal sealed record ProduceSummary(
    string Topic, long RecordCount, long ValueBytes, long BlankLineCount, TimeSpan Elapsed, string Durability)
{
    public void Write(CliHost host, bool asJson)
    {
        if (asJson)
        {
            Json.Write(host, WriteJson);
        }
        else
        {
            host.Text.WriteLine(ToString());
        }
    }

    public override string ToString()
    {
        string blank = BlankLineCount == 0 ? "" : $"; {Human.Count(BlankLineCount, "blank line")} skipped";
        return $"{Human.Count(RecordCount, "record")}, {Human.Bytes(ValueBytes)} in {Human.Duration(Elapsed)}: "
            + $"{Human.PerSecond(RecordCount, Elapsed)} records/s, {Human.BytesPerSecond(ValueBytes, Elapsed)}, "
            + $"acknowledged as {Durability}{blank}";
    }

    private void WriteJson(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("topic", Topic);
        json.WriteNumber("records", RecordCount);
        json.WriteNumber("value_bytes", ValueBytes);
        json.WriteNumber("blank_lines_skipped", BlankLineCount);
        json.WriteNumber("seconds", Math.Round(Elapsed.TotalSeconds, 6));
        json.WriteString("durability", Durability);
        json.WriteEndObject();
    }
}
