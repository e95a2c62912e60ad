using Broker.Engine;
using Broker.Records;
using Broker.Server.Services;
using Google.Rpc;
using Grpc.Core;

namespace Broker.Tests.Server;

public sealed class ErrorMapTests
{
    public static TheoryData<string> Refusals => [.. All.Select(error => error.ToString())];

    private static IEnumerable<BrokerError> All => Enum.GetValues<BrokerError>().Where(e => e != BrokerError.None);

    [Theory]
    [MemberData(nameof(Refusals))]
    public void Every_refusal_has_a_status_and_says_whether_it_is_definite(string name)
    {
        BrokerError error = Enum.Parse<BrokerError>(name);
        RpcException e = ErrorMap.ToRpcException(error, "why", new Dictionary<string, string> { ["fact"] = "1" });

        Assert.NotEqual(StatusCode.OK, e.StatusCode);
        Assert.NotEqual(StatusCode.Unknown, e.StatusCode);
        Assert.Equal("why", e.Status.Detail);
        ErrorInfo info = e.GetRpcStatus()!.GetDetail<ErrorInfo>();
        Assert.Matches("^[A-Z][A-Z0-9_]+$", info.Reason);
        Assert.Equal("1", info.Metadata["fact"]);
        Assert.Contains(info.Metadata["definite"], (string[])["true", "false"]);
        Assert.Contains(info.Metadata["retriable"], (string[])["true", "false"]);

        Broker.Protocol.V1.Error streamed = ErrorMap.ToError(error, "why");
        Assert.Equal(info.Reason, streamed.Reason);
        Assert.Equal(info.Metadata["definite"] == "true", streamed.Definite);
        Assert.Equal(info.Metadata["retriable"] == "true", streamed.Retriable);
    }

    [Fact]
    public void No_two_refusals_share_a_reason()
    {
        Assert.Equal(All.Count(), All.Select(e => ErrorMap.Of(e).Reason).Distinct().Count());
    }

    [Fact]
    public void A_failed_journal_leaves_the_outcome_open_and_a_full_disk_does_not()
    {
        Assert.False(ErrorMap.Of(BrokerError.StorageError).IsDefinite);
        Assert.False(ErrorMap.Of(BrokerError.DuplicateSequenceNumber).IsDefinite);
        Assert.True(ErrorMap.Of(BrokerError.DiskFull).IsDefinite);
    }

    [Fact]
    public void Every_fault_of_a_batch_is_a_refusal()
    {
        foreach (BatchError error in Enum.GetValues<BatchError>().Where(e => e != BatchError.None))
        {
            Assert.NotEqual(BrokerError.None, ErrorMap.Of(error));
        }
    }
}
