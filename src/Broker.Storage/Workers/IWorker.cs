namespace Broker.Storage.Workers;

/// <summary>Carries out what is posted, one piece after the other, off the path of the one who posts.</summary>
internal interface IWorker : IDisposable
{
    /// <summary>Returns at once; not to be called while holding a lock that a condition of <see cref="WaitUntil"/> takes.</summary>
    /// <param name="work">Does not throw: whoever posts it knows where a failure belongs.</param>
    void Post(Action work);

    /// <summary>Waits for something that posted work brings about. The condition is asked again after each piece of it.</summary>
    void WaitUntil(Func<bool> condition);
}
