using System.Globalization;

namespace Broker.MainJob;

/// <summary>Named arguments: --name value. What nobody asks for is an error.</summary>
internal sealed class Arguments
{
    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    public Arguments(ReadOnlySpan<string> args)
    {
        for (int at = 0; at < args.Length; at += 2)
        {
            if (!args[at].StartsWith("--", StringComparison.Ordinal) || at + 1 == args.Length)
            {
                throw new ArgumentException($"'{args[at]}' is not --name value.");
            }

            _values[args[at]] = args[at + 1];
        }
    }

    public int Int32(string name, int @default) =>
        _values.Remove(name, out string? text) ? int.Parse(text, CultureInfo.InvariantCulture) : @default;

    public string? Text(string name) => _values.Remove(name, out string? text) ? text : null;

    /// <exception cref="ArgumentException">Something was named that nobody took.</exception>
    public void Close()
    {
        if (_values.Count > 0)
        {
            throw new ArgumentException($"{string.Join(", ", _values.Keys)} is not known.");
        }
    }
}
