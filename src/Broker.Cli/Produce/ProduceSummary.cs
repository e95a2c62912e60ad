using System.Text.Json;
using Broker.Cli.Output;
using Broker.Cli.Terminal;

namespace Broker.Cli.Produce;

/// <summary>What a produce command did.</summary>
internal sealed record ProduceSummary(
    string Topic, long RecordCount, long ValueBytes, long BlankLineCount, TimeSpan Elapsed, string Durability)
{
    // Less than this says nothing about a rate.
    private const long RecordCountForRates = 100;
    private static readonly TimeSpan ElapsedForRates = TimeSpan.FromSeconds(0.1);

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
        if (RecordCount == 0)
        {
            return $"nothing to send{blank}";
        }

        string rates = RecordCount < RecordCountForRates || Elapsed < ElapsedForRates
            ? ""
            : $": {Human.PerSecond(RecordCount, Elapsed)} records/s, {Human.BytesPerSecond(ValueBytes, Elapsed)}";
        return $"{Human.Count(RecordCount, "record")}, {Human.Bytes(ValueBytes)} in {Human.Duration(Elapsed)}{rates}, "
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
