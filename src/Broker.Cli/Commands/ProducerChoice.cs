using System.CommandLine;
using Broker.Client;

namespace Broker.Cli.Commands;

/// <summary>The producer that a command is about: by its name, or by its id for one without.</summary>
internal sealed class ProducerChoice
{
    public Argument<string?> Name { get; } = new("name")
    {
        Description = "Its name",
        HelpName = "NAME",
        Arity = ArgumentArity.ZeroOrOne,
    };

    public Option<long?> Id { get; } = new("--id") { Description = "The id of a producer without a name", HelpName = "ID" };

    /// <summary>Makes a command refuse both and neither.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(Name);
        command.Options.Add(Id);
        command.Validators.Add(result =>
        {
            if (result.GetResult(Name) is { Tokens.Count: > 0 } == result.GetResult(Id) is { Tokens.Count: > 0 })
            {
                result.AddError("Name one producer: NAME, or --id ID");
            }
        });
    }

    public Task<ProducerDescription> DescribeAsync(ParseResult parsed, BrokerClient client, CancellationToken cancellation) =>
        parsed.GetValue(Id) is { } id
            ? client.Admin.DescribeProducerAsync(id, cancellation)
            : client.Admin.DescribeProducerAsync(parsed.GetValue(Name)!, cancellation);

    public Task DeleteAsync(ParseResult parsed, BrokerClient client, CancellationToken cancellation) =>
        parsed.GetValue(Id) is { } id
            ? client.Admin.DeleteProducerAsync(id, cancellation)
            : client.Admin.DeleteProducerAsync(parsed.GetValue(Name)!, cancellation);
}
