using Broker.Checker.Evidence;
using Broker.Checker.Graph;
using Broker.Checker.Histories;

namespace Broker.Tests.Checker;

/// <summary>
/// Goal: the graph with points in time, its components and its cycles are what comparing every pair of operations gives. Method: small
/// random histories of transactions that overlap, whose records stand anywhere.
/// </summary>
public sealed class GraphTests
{
    private const Dependency Writes = Dependency.WriteWrite | Dependency.Time;
    private const Dependency WritesAndReads = Writes | Dependency.WriteRead;
    private const Dependency WithoutTime = Dependency.WriteWrite | Dependency.WriteRead | Dependency.ReadWrite;

    private const int Operations = 7, Keys = 2;

    [Theory]
    [InlineData((int)Writes)]
    [InlineData((int)WritesAndReads)]
    [InlineData((int)WithoutTime)]
    public void A_component_is_what_can_be_reached_and_reaches_back(int mask)
    {
        var kinds = (Dependency)mask;
        int cyclic = 0;
        for (int seed = 0; seed < 500; seed++)
        {
            var facts = new Facts(Random(seed));
            bool[,] reaches = Closure(facts, kinds);
            var components = new StrongComponents(new DependencyGraph(facts), kinds);
            for (int from = 0; from < Operations; from++)
            {
                for (int to = 0; to < Operations; to++)
                {
                    bool isMutual = reaches[from, to] && reaches[to, from];
                    Assert.True(isMutual == components.AreTogether(from, to), $"seed {seed}: {from} and {to}");
                }
            }

            cyclic += components.Cyclic.Count > 0 ? 1 : 0;
        }

        Assert.InRange(cyclic, 50, 450);
    }

    [Theory]
    [InlineData((int)Writes)]
    [InlineData((int)WritesAndReads)]
    [InlineData((int)WithoutTime)]
    public void The_cycle_that_is_found_is_one_and_the_shortest_with_an_edge_back(int mask)
    {
        var kinds = (Dependency)mask;
        for (int seed = 0; seed < 500; seed++)
        {
            var facts = new Facts(Random(seed));
            var graph = new DependencyGraph(facts);
            var components = new StrongComponents(graph, kinds);
            foreach (List<int> component in components.Cyclic)
            {
                CycleStep[] cycle = new CycleSearch(graph, components, kinds).Shortest(component, _ => true)!;
                for (int at = 0; at < cycle.Length; at++)
                {
                    CycleStep next = cycle[(at + 1) % cycle.Length];
                    Assert.True(Has(facts, cycle[at].Operation, next.Operation, cycle[at].Dependency), $"seed {seed}, step {at}");
                }

                Assert.Equal(ShortestLength(facts, component, kinds), cycle.Length);
            }
        }
    }

    /// <summary>Transactions begin one after the other and write so, but for some records that stand much too early or too late.</summary>
    private static History Random(int seed)
    {
        var random = new Random(seed);
        var taken = new HashSet<(int Key, long Offset)>();
        var written = new List<PolledRecord>();
        var calls = new HistoryEvent[Operations];
        for (int at = 0; at < Operations; at++)
        {
            SentRecord[] sends = [.. Enumerable.Range(0, random.Next(1, 3)).Select(number =>
            {
                int key = random.Next(Keys);
                long offset = random.Next(8) == 0 ? random.Next(10 * Operations) : 10 * at;
                while (!taken.Add((key, offset)))
                {
                    offset++;
                }

                return new SentRecord(key, (at * 10) + number) { Offset = offset };
            })];
            PolledRecord[] polls = [.. written.Where(_ => random.Next(10) == 0)];
            calls[at] = HistoryScript.Transaction(at, sends) with { Polls = polls };
            written.AddRange(sends.Select(sent => new PolledRecord(sent.Key, sent.Offset, sent.Value)));
        }

        (double Time, int Operation, bool IsEnd)[] events =
        [
            .. Enumerable.Range(0, Operations).Select(at => (at + random.NextDouble(), at, false)),
            .. Enumerable.Range(0, Operations).Select(at => (at + 1 + (2 * random.NextDouble()), at, true)),
        ];
        return HistoryScript.Of(script =>
        {
            foreach ((_, int at, bool isEnd) in events.Order())
            {
                if (isEnd)
                {
                    script.End(calls[at]);
                }
                else
                {
                    script.Begin(calls[at]);
                }
            }
        });
    }

    private static bool Has(Facts facts, int from, int to, Dependency dependency)
    {
        Operation first = facts.History.Operations[from];
        Operation second = facts.History.Operations[to];
        return from != to && dependency switch
        {
            Dependency.Time => first.EndedAt < second.InvokedAt,
            Dependency.WriteRead => second.Polls.Any(polled => WriterOf(facts, polled.Key, polled.Value) == from),
            Dependency.WriteWrite => Enumerable.Range(0, facts.History.KeyCount).Any(key =>
            {
                int[] writers = WritersOf(facts, key);
                return writers.Zip(writers.Skip(1)).Contains((from, to));
            }),
            _ => first.Polls.GroupBy(polled => polled.Key).Any(polled =>
            {
                PolledRecord last = polled.MaxBy(record => record.Offset);
                LogEntry[] entries = facts.Logs[polled.Key].Entries.ToArray();
                int next = Array.FindIndex(
                    entries, entry => entry.Offset > last.Offset && WriterOf(facts, polled.Key, entry.Value) != WriterOf(facts, polled.Key, last.Value));
                return next >= 0 && WriterOf(facts, polled.Key, entries[next].Value) == to;
            }),
        };
    }

    private static bool[,] Closure(Facts facts, Dependency kinds)
    {
        bool[,] reaches = new bool[Operations, Operations];
        foreach ((int from, int to) in Pairs())
        {
            reaches[from, to] = Enum.GetValues<Dependency>().Any(kind => kinds.HasFlag(kind) && Has(facts, from, to, kind));
        }

        for (int via = 0; via < Operations; via++)
        {
            foreach ((int from, int to) in Pairs())
            {
                reaches[from, to] |= reaches[from, via] && reaches[via, to];
            }
        }

        return reaches;
    }

    private static int ShortestLength(Facts facts, List<int> component, Dependency kinds)
    {
        const int Far = 1000;
        int[,] length = new int[Operations, Operations];
        foreach ((int from, int to) in Pairs())
        {
            bool isInside = component.Contains(from) && component.Contains(to);
            length[from, to] = isInside && Enum.GetValues<Dependency>().Any(kind => kinds.HasFlag(kind) && Has(facts, from, to, kind)) ? 1 : Far;
        }

        for (int via = 0; via < Operations; via++)
        {
            foreach ((int from, int to) in Pairs())
            {
                length[from, to] = Math.Min(length[from, to], length[from, via] + length[via, to]);
            }
        }

        return Enumerable.Range(0, Operations).Min(each => length[each, each]);
    }

    private static IEnumerable<(int From, int To)> Pairs() =>
        from first in Enumerable.Range(0, Operations)
        from second in Enumerable.Range(0, Operations)
        select (first, second);

    private static int[] WritersOf(Facts facts, int key) =>
        [.. facts.Logs[key].Entries.ToArray().Select(entry => WriterOf(facts, key, entry.Value))];

    private static int WriterOf(Facts facts, int key, long value) =>
        facts.Writes.TryFind(key, value, out int write) ? facts.Writes.All[write].Operation : -1;
}
