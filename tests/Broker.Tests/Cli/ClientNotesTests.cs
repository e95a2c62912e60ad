using Broker.Protocol.V1;
using Broker.Tests.Client;
using Grpc.Core;

namespace Broker.Tests.Cli;

public sealed class ClientNotesTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Produce_says_why_it_waits_and_when_it_goes_on(bool isTerminal)
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        int refusals = 0;
        broker.Refuse = _ => ++refusals <= 5 ? SequenceModel.Refusal("DISK_FULL", retriable: true).Error : null;

        var session = new CliSession(broker.Address) { In = CliSession.Text("a\n"), IsTerminal = isTerminal };
        await session.RunAsync("produce", "t");

        Assert.Equal(0, session.ExitCode);
        Assert.Equal(["a"], broker.Log());
        string[] notes = session.Error.Split('\n').Where(line => line.Contains("t partition 0", StringComparison.Ordinal)).ToArray();
        Assert.True(notes.Length == 2, session.Error);
        Assert.Contains("takes no records for now (DISK_FULL)", notes[0], StringComparison.Ordinal);
        Assert.Contains("takes records again", notes[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Consume_says_once_that_its_broker_is_lost_and_once_that_it_is_back()
    {
        await using ScriptedBroker broker = await ScriptedBroker.StartAsync();
        int streams = 0;
        broker.Fetch = async (requests, responses, cancellation) =>
        {
            if (++streams <= 3)
            {
                throw new RpcException(new Status(StatusCode.Unavailable, "The script breaks the stream."));
            }

            await responses.WriteAsync(new FetchResponse { StartId = 1 }, cancellation);
            while (await requests.MoveNext(cancellation))
            {
            }
        };

        var session = new CliSession(broker.Address);
        await session.RunAsync("consume", "t", "--exit-at-end");

        Assert.Equal(0, session.ExitCode);
        string[] notes = session.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.True(notes.Length == 2, session.Error);
        Assert.Contains($"lost the broker at {broker.Address}", notes[0], StringComparison.Ordinal);
        Assert.Contains("again after 3 attempts", notes[1], StringComparison.Ordinal);
    }
}
