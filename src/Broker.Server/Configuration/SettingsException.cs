namespace Broker.Server.Configuration;

/// <summary>The settings do not allow a start. Every problem is one sentence for a person.</summary>
internal sealed class SettingsException(IReadOnlyList<string> problems) : Exception(string.Join(Environment.NewLine, problems))
{
    public IReadOnlyList<string> Problems { get; } = problems;
}
