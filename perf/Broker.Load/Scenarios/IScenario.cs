namespace Broker.Load.Scenarios;

/// <summary>One kind of work against one server.</summary>
internal interface IScenario : IAsyncDisposable
{
    /// <summary>What is needed before the first window; takes no part in any figure.</summary>
    Task PrepareAsync(CancellationToken cancellationToken);

    /// <summary>Works for so long, waits until all of it is through, and checks it.</summary>
    /// <exception cref="Cli.CliException">Something failed, was lost, doubled or out of order.</exception>
    Task<Window> RunAsync(TimeSpan duration, CancellationToken cancellationToken);
}
