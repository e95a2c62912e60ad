using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Broker.Cli.Output;
using Broker.Records;

namespace Broker.Cli.Consume;

/// <summary>
/// One record as one line of JSON. Keys, values and header values are strings when they are UTF-8; otherwise the member
/// ends in _base64. Null stays null. The line is valid until the next call.
/// </summary>
internal sealed class JsonRecordWriter : IDisposable
{
    private readonly ArrayBufferWriter<byte> _line = new(4096);
    private readonly Utf8JsonWriter _writer;

    public JsonRecordWriter() => _writer = new Utf8JsonWriter(_line, Json.OneLine with { SkipValidation = true });

    public ReadOnlySpan<byte> Write(string topic, int partition, long appendTimeMs, in RecordView record)
    {
        _line.ResetWrittenCount();
        _writer.Reset();
        _writer.WriteStartObject();
        _writer.WriteString("topic"u8, topic);
        _writer.WriteNumber("partition"u8, partition);
        _writer.WriteNumber("offset"u8, record.Offset);
        _writer.WriteString("timestamp"u8, Human.Timestamp(record.TimestampMs));
        _writer.WriteNumber("timestamp_ms"u8, record.TimestampMs);
        _writer.WriteNumber("append_time_ms"u8, appendTimeMs);
        WriteBytes("key"u8, "key_base64"u8, record.Key);
        WriteBytes("value"u8, "value_base64"u8, record.Value);
        if (record.HeaderCount > 0)
        {
            _writer.WriteStartArray("headers"u8);
            foreach (HeaderView header in record.Headers)
            {
                _writer.WriteStartObject();
                _writer.WriteString("key"u8, header.Key);
                WriteBytes("value"u8, "value_base64"u8, header.Value);
                _writer.WriteEndObject();
            }

            _writer.WriteEndArray();
        }

        _writer.WriteEndObject();
        _writer.Flush();
        return _line.WrittenSpan;
    }

    public void Dispose() => _writer.Dispose();

    private void WriteBytes(ReadOnlySpan<byte> name, ReadOnlySpan<byte> base64Name, OptionalBytes bytes)
    {
        if (bytes.IsNull)
        {
            _writer.WriteNull(name);
        }
        else if (Utf8.IsValid(bytes.Span))
        {
            _writer.WriteString(name, bytes.Span);
        }
        else
        {
            _writer.WriteBase64String(base64Name, bytes.Span);
        }
    }
}
