using Broker.Checker.Histories;
using Broker.Client;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>Fills the input of those that process it with records of no transaction, one by one, and awaits each.</summary>
internal sealed class FeederClient : HistoryClient
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(15);

    private readonly Producer _producer;

    /// <param name="isNamed">Whether the broker knows its producer by name.</param>
    public FeederClient(ClientSettings settings, string name, bool isNamed)
        : base(settings, name) => _producer = Client.CreateProducer(new ProducerOptions { Name = isNamed ? name : null });

    protected override async Task StepAsync()
    {
        int partition = Random.Next(Settings.Topics.Logs.Count(log => log.Topic == Settings.Topics.Orders));
        var sent = new SentRecord(Settings.Topics.KeyOf(Settings.Topics.Orders, partition), NextValue());
        HistoryEvent call = Process.Invoke(new HistoryEvent(Process.Number, EventKind.Invoke, Function.Send) { Sends = [sent] });
        try
        {
            RecordMetadata metadata = await _producer.SendAsync(Settings.Topics.ToProduce(sent));
            Process.Complete(call with { Sends = [sent with { Offset = metadata.Offset }] }, EventKind.Ok);
        }
        catch (BrokerException e)
        {
            Process.Complete(call, e.IsDefinite ? EventKind.Fail : EventKind.Info, e);
            throw;
        }

        await RestAsync(Pace);
    }

    protected override ValueTask CloseAsync() => _producer.DisposeAsync();
}
