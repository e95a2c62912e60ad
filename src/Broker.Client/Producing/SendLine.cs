namespace Broker.Client.Producing;

/// <summary>
/// Where sends queue that could not be taken over at once (the topic was not known yet, the memory was full), so that they are
/// taken over in the order of the calls. While anybody queues, later sends queue as well.
/// </summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class SendLine
{
    private readonly Lock _gate = new();
    private Task _last = Task.CompletedTask;
    private int _length;

    public bool IsEmpty => Volatile.Read(ref _length) == 0;

    /// <summary>Takes the last place. Whoever does must call <see cref="Leave"/>.</summary>
    public Place Join()
    {
        lock (_gate)
        {
            var place = new Place(_last);
            _last = place.Left;
            _length++;
            return place;
        }
    }

    public void Leave(Place place)
    {
        if (place.Turn.IsCompleted)
        {
            LeaveNow(place);
            return;
        }

        // Given up before its turn: those behind still wait for those before.
        place.Turn.ContinueWith(
            _ => LeaveNow(place), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void LeaveNow(Place place)
    {
        lock (_gate)
        {
            _length--;
        }

        place.SetLeft();
    }

    /// <summary>One send's place.</summary>
    public sealed class Place(Task turn)
    {
        private readonly TaskCompletionSource _left = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes when everybody before has left.</summary>
        public Task Turn => turn;

        public Task Left => _left.Task;

        public void SetLeft() => _left.SetResult();
    }
}
