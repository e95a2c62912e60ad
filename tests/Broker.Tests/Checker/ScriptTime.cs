namespace Broker.Tests.Checker;

/// <summary>A clock that a script sets, in nanoseconds.</summary>
internal sealed class ScriptTime : TimeProvider
{
    public long NowNs { get; set; }

    public override long TimestampFrequency => 1_000_000_000;

    public override long GetTimestamp() => NowNs;
}
