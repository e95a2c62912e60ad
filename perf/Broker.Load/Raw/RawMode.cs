namespace Broker.Load.Raw;

/// <summary>What takes the place of the engine's two calls.</summary>
internal enum RawMode
{
    /// <summary>What is appended gets an offset and is forgotten.</summary>
    Drop,

    /// <summary>The same, after one write and one sync for all that waits.</summary>
    DropDurable,

    /// <summary>What was appended through the engine is read from memory.</summary>
    Remember,
}
