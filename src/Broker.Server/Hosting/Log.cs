using Microsoft.Extensions.Logging;

namespace Broker.Server.Hosting;

/// <summary>Every event that the server logs. Ids are never reused.</summary>
internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Started: {Banner}")]
    public static partial void Started(ILogger logger, string banner);

    [LoggerMessage(2, LogLevel.Information, "Stopping.")]
    public static partial void Stopping(ILogger logger);

    [LoggerMessage(3, LogLevel.Information, "Stopped.")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(4, LogLevel.Critical,
        "The journal has failed: nothing more is acknowledged, the broker stops. Start it again to recover. Cause: {Cause}")]
    public static partial void JournalFailed(ILogger logger, string cause);

    [LoggerMessage(5, LogLevel.Warning, "{Note}")]
    public static partial void RecoveryNote(ILogger logger, string note);

    [LoggerMessage(6, LogLevel.Error, "Call {Method} failed by an error of the broker.")]
    public static partial void CallFailed(ILogger logger, Exception exception, string method);

    [LoggerMessage(8, LogLevel.Error, "Closing failed; the next start recovers. {Cause}")]
    public static partial void CloseFailed(ILogger logger, string cause);

    [LoggerMessage(9, LogLevel.Critical, "An error of the broker itself: it stops, because its memory cannot be trusted. {Cause}")]
    public static partial void Broken(ILogger logger, string cause);

    [LoggerMessage(10, LogLevel.Warning, "{Remark}")]
    public static partial void PlaceRemark(ILogger logger, string remark);

    [LoggerMessage(7, LogLevel.Warning, "Closing the engine did not end within {Timeout}; the next start recovers.")]
    public static partial void CloseTimedOut(ILogger logger, TimeSpan timeout);
}
