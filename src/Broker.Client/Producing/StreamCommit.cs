using Broker.Protocol.V1;

namespace Broker.Client.Producing;

/// <summary>A commit that goes over the produce stream, behind the last batches of its transaction.</summary>
/// <param name="request">Gets its manifest when it goes.</param>
/// <remarks>Thread-safe.</remarks>
internal sealed class StreamCommit(CommitTransactionRequest request)
{
    private readonly TaskCompletionSource<CommitResult?> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public CommitTransactionRequest Request => request;

    /// <summary>What the broker says; null when it did not go, or its answer was lost.</summary>
    public Task<CommitResult?> Answer => _answer.Task;

    /// <param name="answer">Null: there will be none.</param>
    public void Complete(CommitResult? answer) => _answer.TrySetResult(answer);
}
