using Broker.Protocol;
using Broker.Protocol.V1;
using CsCheck;
using Google.Protobuf;
using Grpc.Core;

namespace Broker.Tests.Protocol;

public class FetchFrameTests
{
    private static readonly Marshaller<FetchFrame> Marshaller = ServerMethods.Fetch.ResponseMarshaller;

    private static readonly Gen<Error?> AnyError =
        from isSet in Gen.Bool
        from reason in Gen.String.AlphaNumeric
        from definite in Gen.Bool
        from key in Gen.String.AlphaNumeric
        select isSet
            ? new Error { Reason = reason, Message = reason + ".", Definite = definite, Metadata = { { key, reason } } }
            : null;

    private static readonly Gen<FetchResponse> AnyResponse =
        from startId in Gen.UInt
        from firstOffset in Gen.Long
        from highWatermark in Gen.Long
        from logStart in Gen.Long
        from incarnation in Gen.ULong
        from error in AnyError
        from batches in Gen.Byte.Array[0, 1000]
        select new FetchResponse
        {
            StartId = startId,
            FirstOffset = firstOffset,
            HighWatermark = highWatermark,
            LogStartOffset = logStart,
            Incarnation = incarnation,
            Error = error,
            Batches = ByteString.CopyFrom(batches),
        };

    [Fact]
    public void A_written_frame_has_the_bytes_of_the_generated_message()
    {
        AnyResponse.Sample(response =>
        {
            var frame = new FetchFrame
            {
                StartId = response.StartId,
                FirstOffset = response.FirstOffset,
                HighWatermark = response.HighWatermark,
                LogStartOffset = response.LogStartOffset,
                Incarnation = response.Incarnation,
                Error = response.Error,
                Batches = response.Batches.Memory,
            };
            Assert.Equal(response.ToByteArray(), Bytes.Serialize(Marshaller, frame));
        });
    }

    [Fact]
    public void The_generated_message_is_read_as_it_was_written_however_the_transport_cuts_it()
    {
        Gen.Select(AnyResponse, Gen.Int[1, 64]).Sample((response, segmentBytes) =>
        {
            FetchFrame frame = Bytes.Deserialize(Marshaller, Bytes.InSegments(response.ToByteArray(), segmentBytes));
            AssertSame(response, frame);
            frame.Release();
        });
    }

    [Fact]
    public void Unknown_fields_and_an_error_in_two_parts_are_read_as_the_generated_code_reads_them()
    {
        byte[] bytes = new ByteWriter()
            .Tag(7, 2).Bytes([1, 2, 3])
            .Tag(6, 2).Bytes(new Error { Reason = "A", Definite = true }.ToByteArray())
            .Tag(77, 2).Bytes(new byte[9])
            .Tag(6, 2).Bytes(new Error { Message = "B" }.ToByteArray())
            .Tag(1, 0).Varint(6)
            .ToArray();

        FetchFrame frame = Bytes.Deserialize(Marshaller, bytes);

        AssertSame(FetchResponse.Parser.ParseFrom(bytes), frame);
        Assert.Equal("A", frame.Error!.Reason);
        Assert.Equal("B", frame.Error.Message);
        frame.Release();
    }

    [Fact]
    public void A_message_cut_anywhere_is_read_as_the_generated_code_reads_it_or_refused()
    {
        AnyResponse.Sample(response =>
        {
            byte[] bytes = response.ToByteArray();
            for (int length = 0; length < Math.Min(bytes.Length, 100); length++)
            {
                AssertSameOutcome(bytes[..length]);
            }
        });
    }

    [Fact]
    public void Random_bytes_never_do_worse_than_InvalidArgument()
    {
        Gen.Byte.Array[0, 60].Sample(AssertSameOutcome, iter: 20_000);
    }

    [Fact]
    public void A_released_frame_comes_back_empty()
    {
        FetchFrame first = Bytes.Deserialize(
            Marshaller,
            new FetchResponse { StartId = 3, Error = new Error { Reason = "X" }, Batches = ByteString.CopyFrom(1) }.ToByteArray());
        first.Release();

        FetchFrame second = Bytes.Deserialize(Marshaller, Array.Empty<byte>());

        AssertSame(new FetchResponse(), second);
        second.Release();
    }

    private static void AssertSameOutcome(byte[] bytes)
    {
        FetchResponse? expected = null;
        try
        {
            expected = FetchResponse.Parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException)
        {
            // Then the frame must refuse it as well.
        }

        try
        {
            FetchFrame frame = Bytes.Deserialize(Marshaller, bytes);
            Assert.NotNull(expected);
            AssertSame(expected, frame);
            frame.Release();
        }
        catch (RpcException refusal)
        {
            Assert.Equal(StatusCode.InvalidArgument, refusal.StatusCode);
            Assert.True(
                expected is null || refusal.Status.Detail.Contains("field number", StringComparison.Ordinal),
                refusal.Status.Detail);
        }
    }

    private static void AssertSame(FetchResponse expected, FetchFrame frame)
    {
        Assert.Equal(expected.StartId, frame.StartId);
        Assert.Equal(expected.FirstOffset, frame.FirstOffset);
        Assert.Equal(expected.HighWatermark, frame.HighWatermark);
        Assert.Equal(expected.LogStartOffset, frame.LogStartOffset);
        Assert.Equal(expected.Incarnation, frame.Incarnation);
        Assert.Equal(expected.Error, frame.Error);
        Assert.Equal(expected.Batches.ToByteArray(), frame.Batches.ToArray());
    }
}
