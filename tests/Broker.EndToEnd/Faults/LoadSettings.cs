namespace Broker.EndToEnd.Faults;

/// <summary>What all producers of a run share.</summary>
/// <param name="Server">Host and port.</param>
/// <param name="Logs">Where the records go, at random.</param>
internal sealed record LoadSettings(string Server, LogName[] Logs, long Seed, LoadSwitch Switch);
