using Broker.Cli.Terminal;
using Microsoft.Extensions.Logging;

namespace Broker.Cli.Output;

/// <summary>
/// Tells on standard error what the client waits for, such as a lost broker or a full disk: each kind of trouble once, and once that
/// it is over.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class ClientNotes(CliHost host) : ILoggerFactory, ILogger
{
    private readonly Lock _gate = new();
    private readonly HashSet<EventId> _told = [];

    // Errors are failures, and those the command itself reports.
    public bool IsEnabled(LogLevel logLevel) => logLevel is LogLevel.Information or LogLevel.Warning;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel) && IsNews(logLevel, eventId))
        {
            ErrorLine.Note(host, formatter(state, exception));
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
    }

    private bool IsNews(LogLevel level, EventId eventId)
    {
        lock (_gate)
        {
            if (level == LogLevel.Warning)
            {
                return _told.Add(eventId);
            }

            // What the client informs of is that trouble is over: of interest to whoever was told of it.
            bool wasTold = _told.Count > 0;
            _told.Clear();
            return wasTold;
        }
    }
}
