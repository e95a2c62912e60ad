namespace Broker.Load.Values;

/// <summary>What values are made of.</summary>
internal enum LoadContent
{
    /// <summary>Bytes that no codec makes smaller.</summary>
    Random,

    /// <summary>Text of orders, for measuring with compression.</summary>
    Json,
}
