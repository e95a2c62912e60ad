using Broker.Protocol.V1;
using Google.Protobuf;
using Record = Broker.Protocol.V1.Record;

namespace Broker.Tests.Server;

public sealed class PlainCallTests
{
    [Fact]
    public async Task Plain_records_come_back_as_they_were_written()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        await broker.CreateTopicAsync("orders");
        var record = new Record { Key = ByteString.CopyFromUtf8("k"), Value = ByteString.CopyFromUtf8("v"), TimestampMs = 1_000 };
        record.Headers.Add(new Header { Key = "h", Value = ByteString.Empty });
        record.Headers.Add(new Header { Key = "n" });
        var empty = new Record { Value = ByteString.Empty };

        AppendResponse appended = await broker.Produce.AppendAsync(new AppendRequest { Topic = "orders", Records = { record, empty } });
        ReadResponse read = await broker.Fetch.ReadAsync(new ReadRequest
        {
            Topic = "orders",
            From = new OffsetSpec { LogEnd = LogEnd.Earliest },
        });

        Assert.Equal(0, appended.BaseOffset);
        Assert.Equal(Durability.Durable, appended.Durability);
        Assert.Equal([0L, 1L], read.Records.Select(r => r.Offset));
        Assert.Equal(record, read.Records[0].Record);
        Assert.False(read.Records[1].Record.HasKey);
        Assert.True(read.Records[1].Record.HasValue);
        Assert.Equal(appended.AppendTimeMs, read.Records[1].AppendTimeMs);
        Assert.Equal(2, read.NextOffset);
        Assert.Equal(2, read.HighWatermark);
        Assert.Equal(appended.Incarnation, read.Incarnation);
    }
}
