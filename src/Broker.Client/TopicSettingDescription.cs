namespace Broker.Client;

/// <summary>A setting and the value in force.</summary>
/// <param name="IsExplicit">True when the topic sets it; false when it is the broker's default.</param>
public sealed record TopicSettingDescription(string Name, string Value, bool IsExplicit, string Description);
