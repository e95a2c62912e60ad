using System.Text.Json;

namespace Broker.Checker.Histories;

/// <summary>Reads one value after the other. What is not the expected one ends as <see cref="JsonException"/> that says what is.</summary>
internal static class JsonInput
{
    public static void Expect(this ref Utf8JsonReader json, JsonTokenType token, string what)
    {
        if (!json.Read() || json.TokenType != token)
        {
            throw new JsonException($"{what} expected, found {Found(ref json)}");
        }
    }

    /// <summary>Moves on to the next value of an array.</summary>
    /// <returns>False at its end.</returns>
    public static bool MoreOfArray(this ref Utf8JsonReader json) => json.Read() && json.TokenType != JsonTokenType.EndArray;

    /// <summary>Moves on to the next name in an object.</summary>
    /// <returns>False at its end.</returns>
    public static bool MoreOfObject(this ref Utf8JsonReader json) => json.Read() && json.TokenType != JsonTokenType.EndObject;

    public static long NextNumber(this ref Utf8JsonReader json, string what, long max = long.MaxValue)
    {
        json.Read();
        return json.Number(what, max);
    }

    /// <summary>The present value as a whole number from 0 to <paramref name="max"/>.</summary>
    public static long Number(this ref Utf8JsonReader json, string what, long max = long.MaxValue) =>
        json.TokenType == JsonTokenType.Number && json.TryGetInt64(out long number) && number >= 0 && number <= max
            ? number
            : throw new JsonException($"{what} is a whole number from 0 to {max}, not {Found(ref json)}");

    public static long? NextNumberOrNull(this ref Utf8JsonReader json, string what)
    {
        json.Read();
        return json.TokenType == JsonTokenType.Null ? null : json.Number(what);
    }

    public static string Text(this ref Utf8JsonReader json, string what) =>
        json.TokenType == JsonTokenType.String ? json.GetString()! : throw new JsonException($"{what} is text, not {Found(ref json)}");

    public static bool Truth(this ref Utf8JsonReader json, string what) => json.TokenType switch
    {
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        _ => throw new JsonException($"{what} is true or false, not {Found(ref json)}"),
    };

    /// <summary>The present name as the number of a partition.</summary>
    public static int KeyName(this ref Utf8JsonReader json) =>
        int.TryParse(json.ValueSpan, out int key) && key >= 0 && key <= EventParser.KeyMax
            ? key
            : throw new JsonException($"a partition is a whole number from 0 to {EventParser.KeyMax}, not {Found(ref json)}");

    private static string Found(ref Utf8JsonReader json) => json.TokenType switch
    {
        JsonTokenType.None => "the end of the line",
        JsonTokenType.String or JsonTokenType.PropertyName => $"'{json.GetString()}'",
        JsonTokenType.Number => System.Text.Encoding.UTF8.GetString(json.ValueSpan),
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.EndObject or JsonTokenType.EndArray => "its end",
        _ => json.TokenType.ToString().ToLowerInvariant(),
    };
}
