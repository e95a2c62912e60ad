namespace Broker.Storage.Workers;

/// <summary>A worker on a thread of its own.</summary>
internal sealed class ThreadWorker : IWorker
{
    private readonly object _gate = new();
    private readonly Queue<Action> _posted = new();
    private readonly Thread _thread;
    private bool _stopping;

    public ThreadWorker(string name)
    {
        _thread = new Thread(Run) { IsBackground = true, Name = name };
        _thread.Start();
    }

    public void Post(Action work)
    {
        lock (_gate)
        {
            _posted.Enqueue(work);
            Monitor.PulseAll(_gate);
        }
    }

    public void WaitUntil(Func<bool> condition)
    {
        lock (_gate)
        {
            while (!condition())
            {
                Monitor.Wait(_gate);
            }
        }
    }

    /// <summary>Returns when everything that was posted is done.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            Monitor.PulseAll(_gate);
        }

        _thread.Join();
    }

    private void Run()
    {
        while (true)
        {
            Action? work;
            lock (_gate)
            {
                // Whoever waits for what the last piece brought about.
                Monitor.PulseAll(_gate);
                while (!_posted.TryDequeue(out work))
                {
                    if (_stopping)
                    {
                        return;
                    }

                    Monitor.Wait(_gate);
                }
            }

            work();
        }
    }
}
