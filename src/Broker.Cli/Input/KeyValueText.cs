namespace Broker.Cli.Input;

/// <summary>Options of the form name=value.</summary>
internal static class KeyValueText
{
    /// <returns>Null, or what is wrong with the text.</returns>
    public static string? TryParse(string text, out KeyValuePair<string, string> pair)
    {
        int equals = text.IndexOf('=');
        pair = equals > 0 ? new(text[..equals], text[(equals + 1)..]) : default;
        return equals > 0 ? null : $"'{text}' is not of the form name=value";
    }
}
