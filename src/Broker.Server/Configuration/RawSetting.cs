namespace Broker.Server.Configuration;

/// <summary>A value as a source gave it. <paramref name="Origin"/> names the place for error messages.</summary>
internal readonly record struct RawSetting(string Key, string Text, string Origin);
