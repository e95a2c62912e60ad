namespace Broker.EndToEnd.Faults;

/// <summary>All that one partition gave when it was read from its start to its end.</summary>
internal sealed class LogContent(LogName name)
{
    public LogName Name => name;

    /// <summary>Where the broker says that the log begins and ends, asked after reading while nothing was being written.</summary>
    public long LogStart { get; set; }

    public long HighWatermark { get; set; }

    /// <summary>In the order of arrival.</summary>
    public List<ReadBack> Records { get; } = [];
}
