using System.Diagnostics;
using Broker.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Broker.MainJob;

/// <summary>Asks a broker with plain calls, again and again, until it serves.</summary>
internal sealed class ServiceProbe : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2), Pause = TimeSpan.FromMilliseconds(10);

    private readonly GrpcChannel _channel;
    private readonly ProduceService.ProduceServiceClient _produce;
    private readonly FetchService.FetchServiceClient _fetch;
    private readonly string _topic;
    private AppendResponse? _appended;

    public ServiceProbe(string server, string topic)
    {
        // Without these a refused attempt is followed by a second of silence, which would count as the broker's.
        var options = new GrpcChannelOptions { InitialReconnectBackoff = Pause, MaxReconnectBackoff = Pause };
        _channel = GrpcChannel.ForAddress($"http://{server}", options);
        _produce = new ProduceService.ProduceServiceClient(_channel);
        _fetch = new FetchService.FetchServiceClient(_channel);
        _topic = topic;
    }

    /// <summary>Writes the record that has to be there after the restart.</summary>
    public async Task AppendAsync()
    {
        var record = new Record { Value = ByteString.CopyFromUtf8("probe") };
        _appended = await _produce.AppendAsync(new AppendRequest { Topic = _topic, Partition = 0, Records = { record } });
    }

    /// <returns>From <paramref name="started"/> until the record from before was read, and until another one was written.</returns>
    public async Task<(TimeSpan Fetch, TimeSpan Append)> WaitAsync(long started)
    {
        long wanted = _appended!.BaseOffset;
        Task<TimeSpan> fetch = RetryAsync(started, () => ReadAsync(wanted));
        Task<TimeSpan> append = RetryAsync(started, AppendAsync);
        return (await fetch, await append);
    }

    public void Dispose() => _channel.Dispose();

    private async Task ReadAsync(long offset)
    {
        ReadResponse response = await _fetch.ReadAsync(
            new ReadRequest { Topic = _topic, Partition = 0, From = new OffsetSpec { Offset = offset }, MaxRecords = 1 });
        if (response.Records[0].Record.Value.ToStringUtf8() != "probe")
        {
            throw new InvalidOperationException($"Another record stands at offset {offset} after the restart.");
        }
    }

    private static async Task<TimeSpan> RetryAsync(long started, Func<Task> call)
    {
        while (true)
        {
            try
            {
                await call();
                return Stopwatch.GetElapsedTime(started);
            }
            catch (RpcException) when (Stopwatch.GetElapsedTime(started) < Patience)
            {
                await Task.Delay(Pause);
            }
        }
    }
}
