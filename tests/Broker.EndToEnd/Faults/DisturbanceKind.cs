namespace Broker.EndToEnd.Faults;

/// <summary>What a broker that lives on has to bear.</summary>
internal enum DisturbanceKind
{
    /// <summary>Each connection of a client is broken off, with all that is on its way.</summary>
    Reset,

    /// <summary>SIGSTOP and, some time later, SIGCONT.</summary>
    Pause,
}
