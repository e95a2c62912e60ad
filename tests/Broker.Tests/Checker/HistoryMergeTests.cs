using Broker.Checker.Histories;

namespace Broker.Tests.Checker;

/// <summary>Histories of several processes become one, and what a kill cut off is in doubt.</summary>
public sealed class HistoryMergeTests : IDisposable
{
    private static readonly HistoryHeader Header = new() { Seed = 7 };

    private readonly string _directory = Directory.CreateTempSubdirectory("broker-test-").FullName;

    [Fact]
    public void Events_of_all_parts_come_in_the_order_of_their_times()
    {
        string first = Write("first", (1, EventKind.Invoke, 10), (1, EventKind.Ok, 30), (1, EventKind.Invoke, 50), (1, EventKind.Ok, 60));
        string second = Write("second", (2, EventKind.Invoke, 20), (2, EventKind.Ok, 40));

        History merged = Merge(new HistoryPart(first), new HistoryPart(second));

        Assert.Equal([(1, 0, 2), (2, 1, 3), (1, 4, 5)], merged.Operations.Select(call => (call.Process, call.InvokedAt, call.EndedAt)));
    }

    [Fact]
    public void A_call_that_a_kill_left_without_an_answer_is_in_doubt_from_then_on()
    {
        string killed = Write("killed", (1, EventKind.Invoke, 10), (1, EventKind.Ok, 20), (1, EventKind.Invoke, 30), (2, EventKind.Invoke, 31));
        string other = Write("other", (3, EventKind.Invoke, 50), (3, EventKind.Ok, 60));

        History merged = Merge(new HistoryPart(killed, EndedNs: 40), new HistoryPart(other));

        Assert.Equal(
            [(1, EventKind.Ok, 20), (1, EventKind.Info, 40), (2, EventKind.Info, 40), (3, EventKind.Ok, 60L)],
            merged.Operations.Select(call => (call.Process, call.Outcome, call.EndedNs)));
    }

    [Theory]
    [InlineData(10, 1)]
    [InlineData(1_000, 0)]
    public void A_last_line_that_was_cut_off_is_left_out_also_when_it_is_the_first(int cutBytes, int operations)
    {
        string killed = Write("killed", (1, EventKind.Invoke, 10), (1, EventKind.Ok, 20));
        byte[] written = File.ReadAllBytes(killed);
        File.WriteAllBytes(killed, written[..Math.Max(5, written.Length - cutBytes)]);

        Assert.Equal(operations, Merge(new HistoryPart(killed, EndedNs: 30)).Operations.Count(call => call.Outcome == EventKind.Info));
    }

    [Fact]
    public void What_is_no_event_is_refused_with_the_name_of_the_part()
    {
        string wrong = Write("wrong", (1, EventKind.Invoke, 10));
        File.AppendAllText(wrong, "{}\n");

        HistoryException refused = Assert.Throws<HistoryException>(() => Merge(new HistoryPart(wrong)));

        Assert.StartsWith($"line 3: {wrong}: 'i' is missing", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_writer_that_writes_through_has_lost_nothing_when_it_is_killed()
    {
        string path = Path.Combine(_directory, "through");
        using HistoryWriter writer = HistoryWriter.Create(path, Header, writesThrough: true);
        writer.Write(new HistoryEvent(1, EventKind.Invoke, Function.Poll));

        Assert.Single(HistoryReader.Read(path).Operations);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private string Write(string name, params (int Process, EventKind Kind, long TimeNs)[] events)
    {
        string path = Path.Combine(_directory, name);
        using HistoryWriter writer = HistoryWriter.Create(path, Header);
        foreach ((int process, EventKind kind, long timeNs) in events)
        {
            writer.WriteAt(new HistoryEvent(process, kind, Function.Poll), timeNs);
        }

        return path;
    }

    private History Merge(params HistoryPart[] parts)
    {
        string path = Path.Combine(_directory, "merged");
        HistoryMerge.Write(path, Header, parts);
        return HistoryReader.Read(path);
    }
}
