using System.Globalization;
using Broker.Server.Configuration;
using Serilog;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;
using Serilog.Formatting.Compact;
using Serilog.Formatting.Display;

namespace Broker.Server.Hosting;

/// <summary>Where log events go and how they look.</summary>
internal static class LogSetup
{
    private const string TextTemplate = "{Timestamp:HH:mm:ss.fff} {Level:u3} {Message:lj}{NewLine}{Exception}";

    /// <param name="output">Receives whole lines; may be called from any thread.</param>
    public static Logger Create(BrokerSettings settings, TextWriter output)
    {
        ITextFormatter formatter = settings.Text("log.format") == "json"
            ? new RenderedCompactJsonFormatter()
            : new MessageTemplateTextFormatter(TextTemplate, CultureInfo.InvariantCulture);
        return new LoggerConfiguration()
            .MinimumLevel.Is(settings.Text("log.level") switch
            {
                "debug" => LogEventLevel.Debug,
                "warning" => LogEventLevel.Warning,
                "error" => LogEventLevel.Error,
                _ => LogEventLevel.Information,
            })
            // The web server's own events repeat for each call what metrics count.
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            .MinimumLevel.Override("Grpc", LogEventLevel.Warning)
            // That /readyz says no while the broker starts or stops is no error; what is one is told where it happens.
            .MinimumLevel.Override("Microsoft.Extensions.Diagnostics.HealthChecks", LogEventLevel.Fatal)
            .Filter.ByExcluding(IsClientGone)
            .WriteTo.Sink(new TextWriterSink(formatter, output))
            .CreateLogger();
    }

    /// <summary>A call whose client went away before all of its request was there: no handler is asked, and nothing is wrong here.</summary>
    private static bool IsClientGone(LogEvent logEvent) =>
        logEvent.Exception is IOException
        && logEvent.Properties.TryGetValue(Constants.SourceContextPropertyName, out LogEventPropertyValue? source)
        && source is ScalarValue { Value: string name } && name.StartsWith("Grpc.", StringComparison.Ordinal);

    private sealed class TextWriterSink(ITextFormatter formatter, TextWriter output) : ILogEventSink
    {
        private readonly Lock _gate = new();

        public void Emit(LogEvent logEvent)
        {
            lock (_gate)
            {
                formatter.Format(logEvent, output);
                output.Flush();
            }
        }
    }
}
