namespace Broker.EndToEnd.Faults.Schedules;

/// <summary>
/// In which order, how often and over which streams the batches of one producer and one partition come to the broker: as a network
/// may deliver them that holds back, repeats and reorders.
/// </summary>
/// <param name="IsNamed">Whether the producer has a name, by which further instances take it over.</param>
/// <param name="RecordCounts">For each instance, how many records its batches have.</param>
internal sealed record Schedule(bool IsNamed, IReadOnlyList<IReadOnlyList<int>> RecordCounts, IReadOnlyList<ScheduleStep> Steps)
{
    public const int Streams = 3;

    private const int InstancesMax = 3, BatchesMin = 3, BatchesMax = 12, RecordsMax = 3, CopiesMax = 3, OldBatches = 2;

    private const double HeldShare = 0.2, PauseShare = 0.1, AwaitedShare = 0.2, PauseMaxMs = 4;

    // By how many batches one comes too early or too late at most; in some schedules the order is right.
    private static readonly double[] Disorders = [0, 1.5, 5];

    /// <summary>Each order of so many batches: all at once over one stream, each awaited over another stream, and as repetitions of what was written.</summary>
    public static IEnumerable<Schedule> Permutations(int batches)
    {
        int[] recordCounts = [.. Enumerable.Range(0, batches).Select(batch => 1 + (batch % RecordsMax))];
        foreach (int[] order in Orders([.. Enumerable.Range(0, batches)]))
        {
            // With each repetition one more at least is in its turn.
            IEnumerable<int> repeated = Enumerable.Repeat(order, batches).SelectMany(each => each);
            yield return Of(recordCounts, repeated.Select(batch => new SendStep(0, batch, 0, default, IsAwaited: false)));
            yield return Of(recordCounts, repeated.Select((batch, at) => new SendStep(0, batch, at % Streams, default, IsAwaited: true)));
            yield return Of(
                recordCounts, Enumerable.Range(0, batches).Concat(order).Select(batch => new SendStep(0, batch, 0, default, IsAwaited: false)));
        }
    }

    /// <summary>Every order of some things.</summary>
    public static IEnumerable<T[]> Orders<T>(IReadOnlyList<T> things)
    {
        T[] order = [.. things];
        return From(0);

        IEnumerable<T[]> From(int at)
        {
            if (at == order.Length)
            {
                yield return [.. order];
            }

            for (int other = at; other < order.Length; other++)
            {
                (order[at], order[other]) = (order[other], order[at]);
                foreach (T[] each in From(at + 1))
                {
                    yield return each;
                }

                (order[at], order[other]) = (order[other], order[at]);
            }
        }
    }

    /// <summary>Any number of batches, copies and instances. What an instance sends may be held back until the next one is at work.</summary>
    public static Schedule Draw(Random random)
    {
        bool isNamed = random.Next(2) == 0;
        int instances = isNamed ? random.Next(1, InstancesMax + 1) : 1;
        double disorder = Disorders[random.Next(Disorders.Length)];
        var recordCounts = new List<int[]>();

        // Each step has its time: an instance lives for one unit, and is opened at the beginning of its own.
        var steps = new List<(double At, ScheduleStep Step)>();
        for (int instance = 0; instance < instances; instance++)
        {
            int[] counts = [.. Enumerable.Range(0, random.Next(BatchesMin, BatchesMax + 1)).Select(_ => random.Next(1, RecordsMax + 1))];
            recordCounts.Add(counts);
            steps.Add((instance, new OpenStep()));
            for (int batch = instance == 0 ? 0 : -OldBatches; batch < counts.Length; batch++)
            {
                for (int copies = random.Next(1, CopiesMax + 1); copies > 0; copies--)
                {
                    double at = Math.Clamp((batch + (disorder * random.NextDouble())) / counts.Length, 0, 1);
                    double held = random.NextDouble() < HeldShare ? 2 * random.NextDouble() : 0;
                    steps.Add((instance + at + held, DrawSend(instance, batch, random)));
                }
            }
        }

        return new Schedule(isNamed, recordCounts, [.. steps.OrderBy(step => step.At).Select(step => step.Step)]);
    }

    private static Schedule Of(int[] recordCounts, IEnumerable<SendStep> sends) => new(IsNamed: false, [recordCounts], [new OpenStep(), .. sends]);

    private static SendStep DrawSend(int instance, int batch, Random random)
    {
        var pause = TimeSpan.FromMilliseconds(random.NextDouble() < PauseShare ? PauseMaxMs * random.NextDouble() : 0);
        return new SendStep(instance, batch, random.Next(Streams), pause, random.NextDouble() < AwaitedShare);
    }
}
