using System.Diagnostics;
using Broker.EndToEnd.Harness;
using Broker.Protocol.V1;
using Grpc.Net.Client;

namespace Broker.EndToEnd.Faults.Schedules;

/// <summary>Carries schedules out, one after the other, against one partition; its streams share two connections.</summary>
internal sealed class ScheduleClient : IAsyncDisposable
{
    private readonly GrpcChannel[] _channels;
    private readonly RawProduceStream[] _streams;
    private readonly int[] _sent = new int[Schedule.Streams];
    private readonly ProduceService.ProduceServiceClient _produce;
    private readonly Topic _topic;
    private readonly LogName _log;

    private readonly int _firstStream;

    /// <param name="server">Host and port.</param>
    /// <param name="partition">Nobody else writes there.</param>
    /// <param name="firstStream">The history names its streams by numbers from here.</param>
    public ScheduleClient(string server, Topic topic, int partition, int firstStream)
    {
        (_topic, _log, _firstStream) = (topic, new LogName(topic.Name, partition), firstStream);
        _channels = [GrpcChannel.ForAddress($"http://{server}"), GrpcChannel.ForAddress($"http://{server}")];
        _produce = new ProduceService.ProduceServiceClient(_channels[0]);
        _streams = [.. _sent.Select((_, at) => new RawProduceStream(new ProduceService.ProduceServiceClient(_channels[at % _channels.Length])))];
    }

    /// <summary>
    /// Carries one out; then the last instance sends all its batches again in order and awaits each answer, as a client would, so that
    /// all of them are there.
    /// </summary>
    public async Task<ScheduleHistory> RunAsync(Schedule schedule, int number)
    {
        var history = new ScheduleHistory(number, _log);
        var instances = new List<Task<ScheduledInstance>>();
        var answers = new List<Task>();
        foreach (ScheduleStep step in schedule.Steps)
        {
            if (step is SendStep send)
            {
                ScheduledInstance instance = await instances[send.Instance];
                if (instance.Find(send.Batch) is { } batch)
                {
                    await Task.Delay(send.Pause);
                    Task answer = await SendAsync(history, batch, instance.Opening, send.Stream);
                    answers.Add(answer);
                    await (send.IsAwaited ? answer : Task.CompletedTask);
                }
            }
            else
            {
                instances.Add(OpenAsync(history, schedule, instances.Count, instances.LastOrDefault()));
            }
        }

        await Task.WhenAll(answers);
        ScheduledInstance last = await instances[^1];
        foreach (ScheduledBatch batch in last.Own)
        {
            await await SendAsync(history, batch, last.Opening, stream: 0);
        }

        return history;
    }

    /// <summary>Sends once more whatever was ever sent, under the epochs of that time and over all streams, and awaits the answers at the end.</summary>
    public async Task RepeatAsync(ScheduleHistory history)
    {
        var answers = new List<Task>();
        foreach (Attempt attempt in history.Attempts.DistinctBy(attempt => (attempt.Batch, attempt.Epoch)).ToArray())
        {
            Opening opening = history.Openings.Single(opening => opening.Epoch == attempt.Epoch);
            answers.Add(await SendAsync(history, attempt.Batch, opening, stream: answers.Count % _streams.Length));
        }

        await Task.WhenAll(answers);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RawProduceStream stream in _streams)
        {
            await stream.DisposeAsync();
        }

        Array.ForEach(_channels, channel => channel.Dispose());
    }

    private static async Task AnswerAsync(Attempt attempt, Task<BatchResult> answer) =>
        attempt.Answer(await answer, Stopwatch.GetTimestamp());

    private async Task<ScheduledInstance> OpenAsync(ScheduleHistory history, Schedule schedule, int number, Task<ScheduledInstance>? before)
    {
        var opening = new Opening(Stopwatch.GetTimestamp());
        history.Add(opening);
        InitProducerResponse opened = await _produce.InitProducerAsync(
            new InitProducerRequest { Name = schedule.IsNamed ? $"schedule-{history.Number}" : "" });
        ProducerPosition? position = opened.Positions.SingleOrDefault();
        opening.Answer(
            opened.ProducerId, (int)opened.ProducerEpoch, (long)(position?.NextSequence ?? 0), position?.LastOffset ?? -1, Stopwatch.GetTimestamp());
        return new ScheduledInstance(
            opening, before is null ? null : await before, schedule.RecordCounts[number], history.ProcessOf(number));
    }

    /// <returns>When it is on its way, with its answer.</returns>
    private async Task<Task> SendAsync(ScheduleHistory history, ScheduledBatch batch, Opening opening, int stream)
    {
        PartitionBatch encoded = batch.Encode(_topic, _log.Partition, opening.ProducerId, opening.Epoch);
        var attempt = new Attempt(batch, opening.Epoch, _firstStream + stream, _sent[stream]++, Stopwatch.GetTimestamp());
        history.Add(attempt);
        return AnswerAsync(attempt, await _streams[stream].SendAsync(encoded));
    }
}
