using System.Text.Json;
using System.Text.RegularExpressions;
using Broker.Protocol.V1;
using Google.Protobuf;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Reflection.V1Alpha;

namespace Broker.Tests.Server;

/// <summary>What clients without .proto files have to go by.</summary>
public sealed partial class ReflectionTests
{
    private static readonly ServiceDescriptor[] Services =
        [AdminService.Descriptor, ProduceService.Descriptor, FetchService.Descriptor];

    [Fact]
    public async Task Reflection_gives_each_service_with_all_that_it_needs_as_the_contract_has_it()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        foreach (ServiceDescriptor service in Services)
        {
            var files = new Dictionary<string, ByteString>();
            await AskAsync(broker, new ServerReflectionRequest { FileContainingSymbol = service.FullName }, files);
            while (Missing(files) is { } file)
            {
                await AskAsync(broker, new ServerReflectionRequest { FileByFilename = file }, files);
            }

            Assert.Equal(service.File.SerializedData, files[service.File.Name]);
            Assert.All(service.File.Dependencies, file => Assert.Equal(file.SerializedData, files[file.Name]));
        }
    }

    [Fact]
    public async Task The_grpcurl_commands_of_the_readme_are_calls_that_are_answered_as_it_says()
    {
        await using TestBroker broker = await TestBroker.StartAsync();
        string readme = await File.ReadAllTextAsync(RepositoryFiles.PathOf("README.md"));
        Match[] commands = [.. Command().Matches(readme).Cast<Match>()];
        Assert.Equal(3, commands.Length);
        string answer = "";
        foreach (Match command in commands)
        {
            // The parser refuses fields that the message does not have.
            MethodDescriptor method = Services.Single(service => service.FullName == command.Groups["service"].Value)
                .FindMethodByName(command.Groups["method"].Value);
            Assert.NotNull(method);
            IMessage request = JsonParser.Default.Parse(command.Groups["json"].Value, method.InputType);
            answer = JsonFormatter.Default.Format(await CallAsync(broker, method, request));
        }

        string shown = readme[(commands[^1].Index + commands[^1].Length)..];
        Assert.Equal(Shape(shown[..shown.IndexOf("```", StringComparison.Ordinal)]), Shape(answer));
    }

    private static async Task AskAsync(TestBroker broker, ServerReflectionRequest request, Dictionary<string, ByteString> files)
    {
        using var call = new ServerReflection.ServerReflectionClient(broker.Channel).ServerReflectionInfo();
        await call.RequestStream.WriteAsync(request);
        Assert.True(await call.ResponseStream.MoveNext(default));
        Assert.Null(call.ResponseStream.Current.ErrorResponse);
        foreach (ByteString file in call.ResponseStream.Current.FileDescriptorResponse.FileDescriptorProto)
        {
            files[FileDescriptorProto.Parser.ParseFrom(file).Name] = file;
        }
    }

    /// <summary>A file that one of these imports and that is not among them.</summary>
    private static string? Missing(Dictionary<string, ByteString> files) => files.Values
        .SelectMany(file => FileDescriptorProto.Parser.ParseFrom(file).Dependency)
        .FirstOrDefault(file => !files.ContainsKey(file));

    private static async Task<IMessage> CallAsync(TestBroker broker, MethodDescriptor method, IMessage request)
    {
        var call = new Method<IMessage, IMessage>(
            MethodType.Unary,
            method.Service.FullName,
            method.Name,
            Marshallers.Create<IMessage>(message => message.ToByteArray(), _ => throw new NotSupportedException()),
            Marshallers.Create<IMessage>(_ => throw new NotSupportedException(), bytes => method.OutputType.Parser.ParseFrom(bytes)));
        return await broker.Channel.CreateCallInvoker().AsyncUnaryCall(call, host: null, default, request);
    }

    /// <summary>JSON in one form, with times of today instead of those of another day.</summary>
    private static string Shape(string json) =>
        Time().Replace(JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(json)), "\"now\"");

    [GeneratedRegex(@"^\$ grpcurl -plaintext -d '(?<json>[^']*)' 127\.0\.0\.1:9095 (?<service>[\w.]+)/(?<method>\w+)\s*$", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"""\d{13}""")]
    private static partial Regex Time();
}
