using Broker.Checker.Anomalies;
using Broker.Checker.Evidence;
using Broker.Checker.Histories;

namespace Broker.Checker.Graph;

/// <summary>
/// G0, G1c, G-single and G2, after Adya and Elle: no operation comes before itself. One cycle for each component.
/// </summary>
/// <remarks>
/// A cycle of writes, reads and time within one partition is one of realtime-order, nonmonotonic-send, int-send-skip and fabricated,
/// which say more, and is left to them. What was not read yet is no evidence in time: a consumer may be behind. So rw goes with ww and
/// wr alone.
/// </remarks>
internal static class Cycles
{
    public static void Find(Facts facts, Findings findings)
    {
        var graph = new DependencyGraph(facts);
        const Dependency Writes = Dependency.WriteWrite | Dependency.Time;
        Find(facts, graph, Writes, IsAcrossPartitions, findings);
        Find(facts, graph, Writes | Dependency.WriteRead, cycle => Has(cycle, Dependency.WriteRead) && IsAcrossPartitions(cycle), findings);
        Find(
            facts, graph, Dependency.WriteWrite | Dependency.WriteRead | Dependency.ReadWrite,
            cycle => Has(cycle, Dependency.ReadWrite), findings);
    }

    private static void Find(Facts facts, DependencyGraph graph, Dependency kinds, Predicate<CycleStep[]> isWanted, Findings findings)
    {
        var components = new StrongComponents(graph, kinds);
        if (components.Cyclic.Count == 0)
        {
            return;
        }

        var search = new CycleSearch(graph, components, kinds);
        foreach (List<int> component in components.Cyclic)
        {
            if (search.Shortest(component, isWanted) is { } cycle)
            {
                findings.Add(AnomalyOf(cycle), Describe(facts.History, cycle), [.. cycle.Select(step => step.Operation)]);
            }
        }
    }

    private static Anomaly AnomalyOf(CycleStep[] cycle) => cycle.Count(step => step.Dependency == Dependency.ReadWrite) switch
    {
        0 when !Has(cycle, Dependency.WriteRead) => Anomaly.DirtyWrite,
        0 => Anomaly.CircularInformationFlow,
        1 => Anomaly.SingleAntiDependency,
        _ => Anomaly.AntiDependencyCycle,
    };

    private static bool Has(CycleStep[] cycle, Dependency dependency) => Array.Exists(cycle, step => step.Dependency == dependency);

    private static bool IsAcrossPartitions(CycleStep[] cycle) =>
        cycle.Where(step => step.Dependency != Dependency.Time).Select(step => step.Key).Distinct().Skip(1).Any();

    private static string Describe(History history, CycleStep[] cycle)
    {
        int Number(int at) => history.Operations[cycle[at % cycle.Length].Operation].InvokedAt;
        return string.Join(", ", cycle.Select((step, at) => step.Dependency switch
        {
            Dependency.WriteWrite => $"{Number(at)} wrote to {history.NameOf(step.Key)} before {Number(at + 1)}",
            Dependency.WriteRead => $"what {Number(at)} wrote to {history.NameOf(step.Key)} was polled by {Number(at + 1)}",
            Dependency.ReadWrite => $"{Number(at)} had not polled from {history.NameOf(step.Key)} what {Number(at + 1)} wrote",
            _ => $"{Number(at)} was answered before {Number(at + 1)} began",
        }));
    }
}
