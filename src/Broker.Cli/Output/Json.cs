using System.Text.Encodings.Web;
using System.Text.Json;
using Broker.Cli.Terminal;

namespace Broker.Cli.Output;

/// <summary>JSON documents on standard output, for programs. Names are snake_case and are never renamed.</summary>
internal static class Json
{
    // Nothing here is pasted into HTML: text stays readable.
    public static readonly JsonWriterOptions OneLine = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly JsonWriterOptions Indented = OneLine with { Indented = true, NewLine = "\n" };

    public static void Write(CliHost host, Action<Utf8JsonWriter> write)
    {
        host.Text.Flush();
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, Indented))
        {
            write(writer);
        }

        buffer.WriteByte((byte)'\n');
        host.Out.Write(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
        host.Out.Flush();
    }
}
