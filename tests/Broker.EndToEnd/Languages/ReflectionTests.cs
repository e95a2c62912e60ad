using System.Text.Json;
using System.Text.RegularExpressions;
using Broker.EndToEnd.Harness;

namespace Broker.EndToEnd.Languages;

/// <summary>Clients that know no .proto file: examples/python/reflect.py, and grpcurl where it is installed.</summary>
public sealed partial class ReflectionTests(PythonExample example) : IClassFixture<PythonExample>
{
    [PythonFact]
    public async Task A_client_without_proto_files_finds_all_services_and_their_methods()
    {
        string server = await example.ServerAsync();
        CliRun services = await example.SucceedAsync("reflect.py", "", "-plaintext", server, "list");
        Assert.Contains("broker.v1.AdminService", services.Lines);
        Assert.Contains("grpc.health.v1.Health", services.Lines);
        CliRun methods = await example.SucceedAsync("reflect.py", "", "-plaintext", server, "list", "broker.v1.FetchService");
        Assert.Equal(["broker.v1.FetchService.Fetch", "broker.v1.FetchService.Read", "broker.v1.FetchService.ListOffsets"], methods.Lines);

        CliRun unknownField = await example.RunAsync(
            "reflect.py", "", "-plaintext", "-d", """{"topic": "t", "offset": 1}""", server, "broker.v1.FetchService/Read");
        Assert.Equal(1, unknownField.ExitCode);
        Assert.Contains("broker.v1.ReadRequest", unknownField.Error, StringComparison.Ordinal);
    }

    [PythonFact]
    public async Task The_grpcurl_commands_of_the_readme_work_and_answer_as_it_says()
    {
        string[] clients = SystemCommand.Exists("grpcurl") ? ["reflect.py", "grpcurl"] : ["reflect.py"];
        foreach (string client in clients)
        {
            await using var broker = BrokerProcess.Temporary();
            await broker.StartAsync();
            string readme = await File.ReadAllTextAsync(Path.Combine(SampleData.PathOf("README.md"), "..", "..", "..", "README.md"));
            string answer = "";
            Match[] commands = [.. Command().Matches(readme).Cast<Match>()];
            Assert.Equal(3, commands.Length);
            foreach (Match command in commands)
            {
                string[] arguments = ["-plaintext", "-d", command.Groups["json"].Value, broker.Server, command.Groups["method"].Value];
                answer = client == "grpcurl"
                    ? SystemCommand.Run(client, arguments)
                    : (await example.SucceedAsync(client, "", arguments)).Text;
            }

            string shown = readme[(commands[^1].Index + commands[^1].Length)..];
            shown = shown[..shown.IndexOf("```", StringComparison.Ordinal)];
            Assert.Equal(Shape(shown), Shape(answer));
        }
    }

    /// <summary>JSON as it stands there, with times of today instead of those of another day.</summary>
    private static string Shape(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return Time().Replace(document.RootElement.GetRawText().Trim(), "\"now\"");
    }

    [GeneratedRegex(@"^\$ grpcurl -plaintext -d '(?<json>[^']*)' 127\.0\.0\.1:9095 (?<method>[\w./]+)\s*$", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"""\d{13}""")]
    private static partial Regex Time();
}
