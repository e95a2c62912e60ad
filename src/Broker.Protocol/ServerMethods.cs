using Broker.Protocol.V1;
using Google.Protobuf;
using Grpc.Core;

namespace Broker.Protocol;

/// <summary>
/// The two streams that carry batches, with marshallers that leave the batches where they are. Broker and client use the
/// same definitions; everything else goes through the generated code.
/// </summary>
internal static class ServerMethods
{
    public static Method<ProduceFrame, ProduceResponse> Produce { get; } = new(
        MethodType.DuplexStreaming,
        V1.ProduceService.Descriptor.FullName,
        nameof(Produce),
        Marshallers.Create(
            (frame, context) =>
            {
                context.SetPayloadLength(frame.SizeBytes());
                frame.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => ProduceFrame.Parse(context.PayloadAsReadOnlySequence())),
        Generated(ProduceResponse.Parser));

    public static Method<FetchRequest, FetchFrame> Fetch { get; } = new(
        MethodType.DuplexStreaming,
        V1.FetchService.Descriptor.FullName,
        nameof(Fetch),
        Generated(FetchRequest.Parser),
        Marshallers.Create(
            (frame, context) =>
            {
                context.SetPayloadLength(frame.SizeBytes());
                frame.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => FetchFrame.Parse(context.PayloadAsReadOnlySequence())));

    private static Marshaller<T> Generated<T>(MessageParser<T> parser)
        where T : class, IMessage<T>
    {
        return Marshallers.Create<T>(
            (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            context => parser.ParseFrom(context.PayloadAsReadOnlySequence()));
    }
}
