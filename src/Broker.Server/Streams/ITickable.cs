namespace Broker.Server.Streams;

/// <summary>Is called about once a second while it is in the registry.</summary>
internal interface ITickable
{
    /// <summary>Sets a flag and wakes somebody; does no work itself.</summary>
    void Tick();
}
