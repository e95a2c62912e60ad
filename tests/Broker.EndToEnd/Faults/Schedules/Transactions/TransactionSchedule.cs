namespace Broker.EndToEnd.Faults.Schedules.Transactions;

/// <summary>
/// In which order and how often the calls of some transactions of one producer come to the broker: those of two transactions, or of two
/// instances, through each other, late and repeated.
/// </summary>
/// <param name="Batches">For each instance and its transactions, how many batches each has in both partitions.</param>
internal sealed record TransactionSchedule(IReadOnlyList<IReadOnlyList<(int First, int Second)>> Batches, IReadOnlyList<TransactionStep> Steps)
{
    public const int Streams = 3, Slots = 2;

    private const int InstancesMax = 2, TransactionsMax = 3, BatchesMax = 2, CopiesMax = 2;

    private const double CommitShare = 0.75, AbortShare = 0.15, OutcomeShare = 0.2, HeldShare = 0.15, AwaitedShare = 0.5;

    // By how much of a transaction's time a call comes too early or too late at most; in many schedules the order is right.
    private static readonly double[] Disorders = [0, 0, 0.3, 1];

    private static readonly (int, int)[] OneAndOne = [(1, 1)], OneAndNone = [(1, 0)];

    // Each is a script of calls that is right as it stands.
    private static readonly (IReadOnlyList<(int, int)>[] Batches, TransactionStep[] Steps)[] Scripts =
    [
        ([[OneAndOne[0], OneAndNone[0]]], [Send(0, 1), Send(0, 1, slot: 1), End(CallKind.Commit, 0, 1), Send(0, 2), End(CallKind.Commit, 0, 2)]),
        ([[OneAndNone[0], OneAndNone[0]]], [Send(0, 1), End(CallKind.Abort, 0, 1), Send(0, 2), End(CallKind.Commit, 0, 2), End(CallKind.Commit, 0, 1)]),
        ([[OneAndNone[0], OneAndNone[0]]], [Send(0, 1), End(CallKind.Commit, 0, 1), End(CallKind.Outcome, 0, 1), Send(0, 2), End(CallKind.Commit, 0, 2)]),
        ([[OneAndNone[0]], [OneAndNone[0]]], [Send(0, 1), End(CallKind.Commit, 0, 1), new(CallKind.Open, 1), Send(1, 1), End(CallKind.Commit, 1, 1)]),
    ];

    /// <summary>
    /// All orders of some short scripts, each call awaited, and twice over, so that each call is repeated; with commits as calls of their own,
    /// and over the stream.
    /// </summary>
    public static IEnumerable<TransactionSchedule> Permutations() => new[] { false, true }.SelectMany(isOverStream => Permutations(isOverStream));

    private static IEnumerable<TransactionSchedule> Permutations(bool isOverStream) => Scripts.SelectMany(script => Schedule.Orders(
        [.. script.Steps.Select(step => step with { IsOverStream = isOverStream && step.Kind == CallKind.Commit })])
        .Select(order => new TransactionSchedule(script.Batches, [new(CallKind.Open, 0), .. order, .. order.Where(step => step.Kind != CallKind.Open)])));

    /// <summary>More transactions and batches, by chance also over several streams at once.</summary>
    public static TransactionSchedule Draw(Random random)
    {
        double disorder = Disorders[random.Next(Disorders.Length)], awaited = random.Next(2) == 0 ? 1 : AwaitedShare;
        var batches = new List<(int, int)[]>();

        // A transaction lives for one unit of time, one behind the other.
        var steps = new List<(double At, TransactionStep Step)>();
        double begin = 0;
        int instances = random.Next(1, InstancesMax + 1);
        for (int instance = 0; instance < instances; instance++)
        {
            steps.Add((begin, new TransactionStep(CallKind.Open, instance)));
            batches.Add([.. Enumerable.Range(0, random.Next(1, TransactionsMax + 1)).Select(_ => (random.Next(1, BatchesMax + 1), random.Next(BatchesMax + 1)))]);
            for (int number = 1; number <= batches[instance].Length; number++, begin++)
            {
                TransactionStep[] calls = [.. Calls(instance, number, batches[instance][number - 1], random)];
                for (int at = 0; at < calls.Length; at++)
                {
                    for (int copies = random.Next(1, CopiesMax + 1); copies > 0; copies--)
                    {
                        double late = (disorder * random.NextDouble()) + (copies > 1 && random.NextDouble() < HeldShare ? 2 * random.NextDouble() : 0);
                        TransactionStep step = calls[at] with { Stream = random.Next(Streams), IsOverStream = calls[at].Kind == CallKind.Commit && random.Next(2) == 0, IsAwaited = random.NextDouble() < awaited };
                        steps.Add((begin + ((at + 1.0) / (calls.Length + 1)) + late, step));
                    }
                }
            }
        }

        return new TransactionSchedule(batches, [.. steps.OrderBy(step => step.At).Select(step => step.Step)]);
    }

    private static IEnumerable<TransactionStep> Calls(int instance, int number, (int First, int Second) batches, Random random)
    {
        int[] counts = [batches.First, batches.Second];
        for (int slot = 0; slot < Slots; slot++)
        {
            for (int batch = 0; batch < counts[slot]; batch++)
            {
                yield return Send(instance, number, slot, batch);
            }
        }

        double end = random.NextDouble();
        if (end < CommitShare + AbortShare)
        {
            yield return End(end < CommitShare ? CallKind.Commit : CallKind.Abort, instance, number);
        }

        if (random.NextDouble() < OutcomeShare)
        {
            yield return End(CallKind.Outcome, instance, number);
        }
    }

    private static TransactionStep Send(int instance, int number, int slot = 0, int batch = 0) => new(CallKind.Send, instance, number, slot, batch);

    private static TransactionStep End(CallKind kind, int instance, int number) => new(kind, instance, number);
}
