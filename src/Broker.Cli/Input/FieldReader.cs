using System.Text;
using System.Text.Json;

namespace Broker.Cli.Input;

/// <summary>
/// Takes the key and the timestamp out of a line of JSON. The line itself is never changed. Of a name that occurs twice
/// the first counts. Single-threaded: the key is a view of this object's buffer until the next line.
/// </summary>
internal sealed class FieldReader(string? keyField, string? timestampField, TimestampParser timestamps)
{
    private readonly byte[]? _keyName = keyField is null ? null : Encoding.UTF8.GetBytes(keyField);
    private readonly byte[]? _timestampName = timestampField is null ? null : Encoding.UTF8.GetBytes(timestampField);
    private byte[] _keyBuffer = new byte[256];
    private int _keyLength;

    public bool ReadsFields => _keyName is not null || _timestampName is not null;

    /// <summary>The key of the line read last; null when no key field was asked for.</summary>
    public ReadOnlyMemory<byte>? Key =>
        // A bare null would become an empty Memory here: a null array converts to one.
        _keyName is null ? default(ReadOnlyMemory<byte>?) : _keyBuffer.AsMemory(0, _keyLength);

    /// <summary>The timestamp of the line read last; null when no timestamp field was asked for.</summary>
    public long? TimestampMs { get; private set; }

    /// <returns>Null, or what is wrong with the line, as a clause.</returns>
    public string? TryRead(ReadOnlySpan<byte> line)
    {
        bool needsKey = _keyName is not null;
        bool needsTimestamp = _timestampName is not null;
        TimestampMs = null;
        var reader = new Utf8JsonReader(WithoutByteOrderMark(line));
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            {
                return "is not a JSON object";
            }

            while ((needsKey || needsTimestamp) && reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                bool isKey = needsKey && reader.ValueTextEquals(_keyName);
                bool isTimestamp = needsTimestamp && reader.ValueTextEquals(_timestampName);
                reader.Read();
                string? problem = isKey ? TakeKey(ref reader) : null;
                problem ??= isTimestamp ? TakeTimestamp(ref reader) : null;
                if (problem is not null)
                {
                    return problem;
                }

                needsKey &= !isKey;
                needsTimestamp &= !isTimestamp;
                reader.Skip();
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Utf8JsonReader reports a string of broken UTF-8 as InvalidOperationException.
            return "is not valid JSON";
        }

        return needsKey ? $"has no field '{keyField}'" : needsTimestamp ? $"has no field '{timestampField}'" : null;
    }

    private static ReadOnlySpan<byte> WithoutByteOrderMark(ReadOnlySpan<byte> line) =>
        line.StartsWith("\uFEFF"u8) ? line[3..] : line;

    private string? TakeKey(ref Utf8JsonReader reader)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                int lengthMax = reader.ValueSpan.Length;
                if (_keyBuffer.Length < lengthMax)
                {
                    _keyBuffer = new byte[lengthMax * 2];
                }

                _keyLength = reader.CopyString(_keyBuffer);
                return null;
            case JsonTokenType.Number or JsonTokenType.True or JsonTokenType.False:
                if (_keyBuffer.Length < reader.ValueSpan.Length)
                {
                    _keyBuffer = new byte[reader.ValueSpan.Length * 2];
                }

                reader.ValueSpan.CopyTo(_keyBuffer);
                _keyLength = reader.ValueSpan.Length;
                return null;
            default:
                return $"has {Describe(reader.TokenType)} in its key field '{keyField}'";
        }
    }

    private string? TakeTimestamp(ref Utf8JsonReader reader)
    {
        const int CharsMax = 128;
        if (reader.TokenType is not (JsonTokenType.String or JsonTokenType.Number))
        {
            return $"has {Describe(reader.TokenType)} in its timestamp field '{timestampField}'";
        }

        if (reader.ValueSpan.Length > CharsMax)
        {
            return $"has a timestamp field '{timestampField}' of {reader.ValueSpan.Length} characters";
        }

        Span<char> text = stackalloc char[CharsMax];
        bool isNumber = reader.TokenType == JsonTokenType.Number;
        int length = isNumber ? Encoding.UTF8.GetChars(reader.ValueSpan, text) : reader.CopyString(text);
        string? problem = timestamps.TryParse(text[..length], isNumber, out long milliseconds);
        TimestampMs = milliseconds;
        return problem is null ? null : $"has '{text[..length]}' in its timestamp field '{timestampField}', which {problem}";
    }

    private static string Describe(JsonTokenType type) => type switch
    {
        JsonTokenType.Null => "null",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        _ => "no value",
    };
}
