namespace Broker.Client.Producing;

/// <summary>In which of the sending loop's lists a queue stands.</summary>
[Flags]
internal enum QueueMarks
{
    None = 0,
    Full = 1,
    Unfinished = 2,
}
