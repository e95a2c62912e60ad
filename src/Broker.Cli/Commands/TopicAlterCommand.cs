using System.CommandLine;
using Broker.Cli.Output;
using Broker.Cli.Terminal;
using Broker.Client;

namespace Broker.Cli.Commands;

internal static class TopicAlterCommand
{
    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        Argument<string> name = CommonOptions.TopicName();
        Option<List<KeyValuePair<string, string>>> set = CommonOptions.Pairs(
            "--config", "A setting to change; may be given again", mayRepeat: false);
        var unset = new Option<string[]>("--unset")
        {
            Description = "A setting that goes back to the broker's default; may be given again",
            HelpName = "NAME",
            DefaultValueFactory = _ => [],
        };
        Option<string> output = CommonOptions.Output();
        Option<string> server = CommonOptions.Server(host);
        var command = new Command("alter", "Change a topic's settings") { name, set, unset, output, server };
        command.Validators.Add(result =>
        {
            if (result.GetResult(set) is null or { Implicit: true } && result.GetResult(unset) is null or { Implicit: true })
            {
                result.AddError("nothing to change: give --config NAME=VALUE or --unset NAME");
            }
        });
        examples[command] = ["broker topic alter orders --config retention.ms=1d --unset retention.bytes"];
        command.SetAction((parsed, cancellation) => Session.RunAsync(parsed.GetRequiredValue(server), async client =>
        {
            TopicDescription topic = await client.Admin.AlterTopicAsync(
                parsed.GetRequiredValue(name),
                parsed.GetRequiredValue(set).ToDictionary(),
                parsed.GetRequiredValue(unset),
                cancellation).ConfigureAwait(false);
            TopicOutput.WriteChange(host, topic, "altered", parsed.GetRequiredValue(output));
        }));
        return command;
    }
}
