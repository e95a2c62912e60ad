using System.Diagnostics;
using System.Diagnostics.Metrics;
using Broker.Client.Transport;

namespace Broker.Client.Diagnostics;

/// <summary>What this client tells OpenTelemetry: one source and one meter, both named Broker.Client.</summary>
/// <remarks>Thread-safe. Costs a check of a flag per batch while nobody listens.</remarks>
internal sealed class ClientTelemetry(string clientId, ServerAddress server)
{
    public static readonly ActivitySource Source = new(MessagingNames.Source);
    private static readonly Meter Meter = new(MessagingNames.Source);

    private static readonly Histogram<double> OperationDuration = Meter.CreateHistogram(
        MessagingNames.OperationDuration,
        "s",
        "From handing a batch to the connection to its acknowledgement.",
        advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10],
        });

    private static readonly Counter<long> SentMessages =
        Meter.CreateCounter<long>(MessagingNames.SentMessages, "{message}", "Records acknowledged or failed.");

    private static readonly Counter<long> ConsumedMessages =
        Meter.CreateCounter<long>(MessagingNames.ConsumedMessages, "{message}", "Records handed to the application.");

    public void Sent(string topic, int recordCount, TimeSpan duration, string? error)
    {
        if (!OperationDuration.Enabled && !SentMessages.Enabled)
        {
            return;
        }

        TagList tags = Tags(topic, MessagingNames.Send);
        if (error is not null)
        {
            tags.Add(MessagingNames.ErrorType, error);
        }

        SentMessages.Add(recordCount, tags);
        OperationDuration.Record(duration.TotalSeconds, tags);
    }

    public void Consumed(string topic, int recordCount)
    {
        if (ConsumedMessages.Enabled)
        {
            ConsumedMessages.Add(recordCount, Tags(topic, MessagingNames.Receive));
        }
    }

    /// <summary>A span for one record that is sent, or null while nobody listens.</summary>
    public Activity? StartSend(string topic)
    {
        Activity? activity = Source.StartActivity($"{MessagingNames.Send} {topic}", ActivityKind.Producer);
        return Describe(activity, topic, MessagingNames.Send);
    }

    /// <summary>A span for one batch that arrived, or null while nobody listens.</summary>
    public Activity? StartReceive(string topic, int partition, int recordCount)
    {
        Activity? activity = Source.StartActivity($"{MessagingNames.Receive} {topic}", ActivityKind.Client);
        activity?.SetTag(MessagingNames.PartitionId, partition.ToString());
        activity?.SetTag(MessagingNames.BatchMessageCount, recordCount);
        return Describe(activity, topic, MessagingNames.Receive);
    }

    private Activity? Describe(Activity? activity, string topic, string operation)
    {
        if (activity is { IsAllDataRequested: true })
        {
            foreach (KeyValuePair<string, object?> tag in Tags(topic, operation))
            {
                activity.SetTag(tag.Key, tag.Value);
            }

            if (clientId.Length > 0)
            {
                activity.SetTag(MessagingNames.ClientId, clientId);
            }
        }

        return activity;
    }

    private TagList Tags(string topic, string operation)
    {
        return new TagList
        {
            { MessagingNames.System, MessagingNames.SystemValue },
            { MessagingNames.OperationName, operation },
            { MessagingNames.OperationType, operation },
            { MessagingNames.Destination, topic },
            { MessagingNames.ServerAddress, server.Host },
            { MessagingNames.ServerPort, server.Port },
        };
    }
}
