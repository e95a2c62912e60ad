namespace Broker.Server.Configuration;

/// <summary>How the text of a setting is read.</summary>
internal enum SettingKind
{
    /// <summary>Any text that is not empty.</summary>
    Text,

    /// <summary>ADDRESS:PORT.</summary>
    EndPoint,

    /// <summary>A number of bytes, with or without a unit.</summary>
    Bytes,

    /// <summary>A number of milliseconds, or a number with a unit.</summary>
    Duration,

    /// <summary>A whole number.</summary>
    Count,

    /// <summary>true or false.</summary>
    Flag,

    /// <summary>One of a list of words.</summary>
    Choice,
}
