using Broker.Protocol;
using Broker.Protocol.V1;
using Broker.Records;
using CsCheck;
using Google.Protobuf;
using Grpc.Core;

namespace Broker.Tests.Protocol;

public class ProduceFrameTests
{
    private static readonly Marshaller<ProduceFrame> Marshaller = ServerMethods.Produce.RequestMarshaller;

    private static readonly Gen<PartitionBatch> AnyBatch =
        from id in Gen.Byte.Array[16]
        from partition in Gen.Int
        from bytes in Gen.Byte.Array[0, 300]
        select new PartitionBatch
        {
            TopicId = ByteString.CopyFrom(id),
            Partition = partition,
            StoredBatch = ByteString.CopyFrom(bytes),
        };

    private static readonly Gen<TransactionContext?> AnyTransaction =
        from isThere in Gen.Bool
        from incarnation in Gen.ULong
        from number in Gen.ULong
        from timeoutMs in Gen.UInt
        select isThere ? new TransactionContext { Incarnation = incarnation, Number = number, TimeoutMs = timeoutMs } : null;

    private static readonly Gen<CommitTransactionRequest?> AnyCommit =
        from isThere in Gen.Bool
        from number in Gen.ULong
        from id in Gen.Byte.Array[16]
        from partitions in Gen.Int[0, 40]
        select isThere
            ? new CommitTransactionRequest
            {
                Transaction = new TransactionKey { Number = number },
                Manifest = { Enumerable.Range(0, partitions).Select(i => new ManifestPartition { TopicId = ByteString.CopyFrom(id), Partition = i, RecordCount = i }) },
            }
            : null;

    private static readonly Gen<ProduceRequest> AnyRequest =
        from correlationId in Gen.ULong
        from durability in Gen.Int[0, 2]
        from batches in AnyBatch.Array[0, 9]
        from transaction in AnyTransaction
        from commit in AnyCommit
        select new ProduceRequest
        {
            CorrelationId = correlationId,
            Durability = (Durability)durability,
            Batches = { batches },
            Transaction = transaction,
            Commit = commit,
        };

    [Fact]
    public void A_written_frame_has_the_bytes_of_the_generated_message()
    {
        AnyRequest.Sample(request =>
        {
            ProduceFrame frame = ProduceFrame.Rent();
            frame.CorrelationId = request.CorrelationId;
            frame.Durability = request.Durability;
            frame.Transaction = request.Transaction is { } named ? new(named.Incarnation, named.Number, named.TimeoutMs) : null;
            frame.Commit = request.Commit;
            foreach (PartitionBatch batch in request.Batches)
            {
                frame.Add(TopicId.Read(batch.TopicId.Span), batch.Partition, batch.StoredBatch.ToByteArray());
            }

            byte[] bytes = Bytes.Serialize(Marshaller, frame);
            frame.Release();
            Assert.Equal(request.ToByteArray(), bytes);
        });
    }

    [Fact]
    public void The_generated_message_is_read_as_it_was_written_however_the_transport_cuts_it()
    {
        Gen.Select(AnyRequest, Gen.Int[1, 64]).Sample((request, segmentBytes) =>
        {
            ProduceFrame frame = Bytes.Deserialize(Marshaller, Bytes.InSegments(request.ToByteArray(), segmentBytes));
            AssertSame(request, frame);
            frame.Release();
        });
    }

    [Fact]
    public void Unknown_fields_and_fields_in_another_order_change_nothing()
    {
        byte[] id = Bytes.Random(1, 16);
        byte[] batch = Bytes.Random(2, 40);
        var inner = new ByteWriter()
            .Tag(3, 2).Bytes(batch)
            .Tag(900, 3).Tag(1, 0).Varint(5).Tag(2, 3).Tag(2, 4).Tag(900, 4) // A group with a group in it.
            .Tag(2, 0).Varint(7)
            .Tag(99, 1).Raw(new byte[8])
            .Tag(1, 2).Bytes(id);
        var outer = new ByteWriter()
            .Tag(3, 2).Bytes(inner.ToArray())
            .Tag(50, 5).Raw(new byte[4])
            .Tag(51, 2).Bytes(new byte[3])
            .Tag(1, 2).Bytes(new byte[2]) // The right number with a wrong wire type is unknown, too.
            .Tag(2, 0).Varint(1)
            .Tag(1, 0).Varint(3)
            .Tag(1, 0).Varint(4); // The last one counts.
        byte[] bytes = outer.ToArray();

        ProduceFrame frame = Bytes.Deserialize(Marshaller, bytes);

        AssertSame(ProduceRequest.Parser.ParseFrom(bytes), frame);
        Assert.Equal(4ul, frame.CorrelationId);
        Assert.Equal(Durability.Durable, frame.Durability);
        Assert.Equal(7, frame[0].Partition);
        Assert.Equal(batch, frame[0].StoredBatch.ToArray());
        frame.Release();
    }

    [Fact]
    public void A_message_cut_anywhere_is_read_as_the_generated_code_reads_it_or_refused()
    {
        AnyRequest.Sample(
            request =>
            {
                byte[] bytes = request.ToByteArray();
                for (int length = 0; length < bytes.Length; length++)
                {
                    AssertSameOutcome(bytes[..length]);
                }
            },
            iter: 20);
    }

    [Fact]
    public void Random_bytes_never_do_worse_than_InvalidArgument()
    {
        Gen.Byte.Array[0, 60].Sample(AssertSameOutcome, iter: 20_000);
    }

    [Fact]
    public void A_flipped_byte_is_read_as_the_generated_code_reads_it_or_refused()
    {
        Gen.Select(AnyRequest, Gen.Int[0, int.MaxValue], Gen.Byte).Sample((request, at, value) =>
        {
            byte[] bytes = request.ToByteArray();
            if (bytes.Length > 0)
            {
                bytes[at % bytes.Length] = value;
                AssertSameOutcome(bytes);
            }
        });
    }

    [Theory]
    [InlineData("0A05", "points beyond its end")] // An unknown field of 5 bytes in a message that has none left.
    [InlineData("1AFFFFFFFF7F", "points beyond its end")]
    [InlineData("08FFFFFFFFFFFFFFFFFFFF01", "longer than 10 bytes")]
    [InlineData("08", "ends inside a number")]
    [InlineData("0C", "wire type")]
    [InlineData("00", "field number")]
    [InlineData("0B", "ends inside a group")]
    [InlineData("1A030A0101", "16 bytes; this one has 1")]
    public void A_hostile_message_is_refused_with_a_sentence_that_says_why(string hex, string why)
    {
        RpcException refusal = Assert.Throws<RpcException>(
            () => Bytes.Deserialize(Marshaller, Convert.FromHexString(hex)));

        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        Assert.Contains(why, refusal.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Groups_nested_without_end_do_not_reach_the_end_of_the_stack()
    {
        byte[] bytes = new byte[1 << 20];
        bytes.AsSpan().Fill(0x0B);

        RpcException refusal = Assert.Throws<RpcException>(() => Bytes.Deserialize(Marshaller, bytes));

        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
    }

    [Fact]
    public void A_message_above_8_MiB_is_refused_before_it_is_copied()
    {
        RpcException refusal = Assert.Throws<RpcException>(
            () => Bytes.Deserialize(Marshaller, new byte[(8 << 20) + 1]));

        Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
        Assert.Contains("8388608", refusal.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_slice_stays_valid_after_its_frame_when_its_buffer_was_retained()
    {
        var request = new ProduceRequest
        {
            Batches = { new PartitionBatch { StoredBatch = ByteString.CopyFrom(Bytes.Random(3, 500)) } },
        };
        ProduceFrame frame = Bytes.Deserialize(Marshaller, request.ToByteArray());
        Memory<byte> slice = frame[0].StoredBatch;
        PooledBuffer buffer = frame.Buffer!;
        buffer.Retain();
        frame.Release();

        ProduceFrame other = Bytes.Deserialize(Marshaller, new byte[] { 0x08, 0x01 });

        Assert.Equal(Bytes.Random(3, 500), slice.ToArray());
        buffer.Release();
        other.Release();
    }

    [Fact]
    public void Reading_and_writing_allocate_at_most_100_bytes_a_message()
    {
        var request = new ProduceRequest
        {
            CorrelationId = 1,
            Batches =
            {
                new PartitionBatch
                {
                    TopicId = ByteString.CopyFrom(Bytes.Random(1, 16)),
                    Partition = 3,
                    StoredBatch = ByteString.CopyFrom(Bytes.Random(2, 64 * 1024)),
                },
            },
        };
        var payload = new System.Buffers.ReadOnlySequence<byte>(request.ToByteArray());
        var destination = new System.Buffers.ArrayBufferWriter<byte>(128 * 1024);
        ReadAndWrite(100);

        long before = GC.GetAllocatedBytesForCurrentThread();
        ReadAndWrite(1000);

        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, 0, 100);

        void ReadAndWrite(int times)
        {
            for (int i = 0; i < times; i++)
            {
                ProduceFrame frame = ProduceFrame.Parse(payload);
                destination.ResetWrittenCount();
                frame.WriteTo(destination);
                frame.Release();
            }
        }
    }

    private static void AssertSameOutcome(byte[] bytes)
    {
        ProduceRequest? expected = null;
        try
        {
            expected = ProduceRequest.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            // Then the frame must refuse it as well.
        }

        try
        {
            ProduceFrame frame = Bytes.Deserialize(Marshaller, bytes);
            Assert.NotNull(expected);
            AssertSame(expected, frame);
            frame.Release();
        }
        catch (RpcException refusal)
        {
            Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
            bool isStricter = expected?.Batches.Any(batch => batch.TopicId.Length is not 0 and not 16) ?? true;
            Assert.True(isStricter || refusal.Status.Detail.Contains("field number", StringComparison.Ordinal), refusal.Status.Detail);
        }
    }

    private static void AssertSame(ProduceRequest expected, ProduceFrame frame)
    {
        Assert.Equal(expected.CorrelationId, frame.CorrelationId);
        Assert.Equal(expected.Durability, frame.Durability);
        Assert.Equal(
            expected.Transaction is { } named ? new FrameTransaction(named.Incarnation, named.Number, named.TimeoutMs) : null, frame.Transaction);
        Assert.Equal(expected.Commit, frame.Commit);
        Assert.Equal(expected.Batches.Count, frame.Count);
        for (int i = 0; i < frame.Count; i++)
        {
            PartitionBatch batch = expected.Batches[i];
            Assert.Equal(batch.TopicId.IsEmpty ? default : TopicId.Read(batch.TopicId.Span), frame[i].TopicId);
            Assert.Equal(batch.Partition, frame[i].Partition);
            Assert.Equal(batch.StoredBatch.ToByteArray(), frame[i].StoredBatch.ToArray());
        }
    }
}
