namespace Broker.Storage.Workers;

/// <summary>Who does what happens beside the callers: threads in a broker, the scheduler in a simulation.</summary>
internal interface IWorkers
{
    /// <param name="name">For people who look at the threads.</param>
    /// <returns>A worker that finishes what was posted when it is disposed.</returns>
    IWorker Start(string name);

    /// <summary>Lets time pass before something is tried again.</summary>
    /// <param name="stop">Ends it early.</param>
    void Pause(TimeSpan duration, CancellationToken stop);
}
