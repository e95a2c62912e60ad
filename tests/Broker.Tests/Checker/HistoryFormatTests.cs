using System.Text;
using Broker.Checker.Evidence;
using Broker.Checker.Histories;
using Broker.Tests.Tidy;

namespace Broker.Tests.Checker;

/// <summary>What is written is read again, and what is no history is refused with line and reason.</summary>
public sealed class HistoryFormatTests
{
    private const string Header = "{\"history\":1,\"seed\":7,\"keys\":{\"3\":\"orders/3\"}}";
    private const string Invoke = "{\"i\":0,\"t\":1,\"p\":5,\"k\":\"invoke\",\"f\":\"send\",\"ops\":[[\"send\",3,9]]}";
    private const string Ok = "{\"i\":1,\"t\":2,\"p\":5,\"k\":\"ok\",\"f\":\"send\",\"ops\":[[\"send\",3,[0,9]]]}";

    private static readonly string Next = Invoke.Replace("\"i\":0,\"t\":1", "\"i\":2,\"t\":3");

    private static string Docs { get; } = File.ReadAllText(Path.Combine(Repository.Root, "docs", "history-format.md"));

    public static TheoryData<string, string> Wrong => new()
    {
        { Lines(Invoke), "line 1: the first line is the header" },
        { Lines("{\"history\":2}"), "line 1: a history of version 2; this checker reads version 1" },
        { Lines("{\"seed\":2}"), "line 1: 'history' is missing" },
        { Lines(Header, "{"), "line 2: " },
        { Lines(Header, Invoke + "x"), "line 2: " },
        { Lines(Header, Invoke.Replace("\"p\"", "\"q\"")), "line 2: there is no field 'q'" },
        { Lines(Header, Invoke.Replace("\"p\":5,", "")), "line 2: 'p' is missing" },
        { Lines(Header, Invoke.Replace("invoke", "begin")), "line 2: 'k' is invoke, ok, fail or info, not 'begin'" },
        { Lines(Header, Invoke.Replace("\"f\":\"send\"", "\"f\":\"write\"")), "line 2: 'f': there is no 'write'" },
        { Lines(Header, Invoke.Replace("3,9", "3,-9")), "line 2: a value is a whole number from 0" },
        { Lines(Header, Invoke.Replace("3,9", "\"3\",9")), "line 2: a partition is a whole number from 0 to 1000000, not '3'" },
        { Lines(Header, Invoke, Ok.Replace("\"i\":1", "\"i\":2")), "line 3: 'i' is 2, 1 comes next" },
        { Lines(Header, Invoke, Ok.Replace("\"t\":2", "\"t\":0")), "line 3: 't' goes back from 1 to 0" },
        { Lines(Header, Invoke, Ok.Replace("\"p\":5", "\"p\":6")), "line 3: process 6 has no call under way" },
        { Lines(Header, Invoke, Ok.Replace("ok", "invoke")), "line 3: process 5 has a call under way since line 2" },
        { Lines(Header, Invoke, Ok.Replace("[0,9]", "[0,8]")), "line 3: value 9 for partition 3, sent in line 2, is not named" },
        { Lines(Header, Invoke, Ok.Replace("\"f\":\"send\"", "\"f\":\"poll\"")), "line 3: poll ends the send of line 2" },
        { Lines(Header, Invoke, Ok.Replace("ok", "info"), Next), "line 4: process 5 has ended with the info in line 3" },
        { Lines(Header, Invoke.Replace("[\"send\",3,9]", "[\"send\",3,9],[\"send\",4,9]")), "line 2: a send is one batch, for one partition" },
        { Lines(Header, Invoke.Replace("\"f\":\"send\"", "\"f\":\"poll\"")), "line 2: poll sends nothing" },
        { Lines(Header, Invoke, Ok, Next), "line 4: value 9 was sent to partition 3 before" },
        { Lines(Header, Invoke.Replace("\"ops\"", "\"retry\":true,\"ops\"")), "line 2: nobody has sent value 9 to partition 3, and this is a retry" },
    };

    [Fact]
    public void All_that_an_event_says_comes_back()
    {
        HistoryEvent[] written =
        [
            new(1, EventKind.Invoke, Function.InitProducer) { TransactionalId = "orders \"1\"" },
            new(1, EventKind.Ok, Function.InitProducer) { TransactionalId = "orders \"1\"", ProducerId = 55, Epoch = 4, Incarnation = 12 },
            new(1, EventKind.Invoke, Function.Txn)
            {
                Sends = [new SentRecord(3, 70) { SourceKey = 1, SourceValue = 60 }], ProducerId = 55, Epoch = 4, TransactionNumber = 812,
            },
            new(1, EventKind.Info, Function.Txn)
            {
                Sends = [new SentRecord(3, 70) { Offset = 918, SourceKey = 1, SourceValue = 60 }, new SentRecord(4, 71)],
                Polls = [new PolledRecord(1, 40, 60), new PolledRecord(1, 41, PolledRecord.NoValue), new PolledRecord(2, 7, 61)],
                Positions = [new PartitionPosition(1, 42)],
                Group = "g",
                ProducerId = 55,
                Epoch = 4,
                TransactionNumber = 812,
                CommitTimeNs = 3,
                Rebalanced = [2, 9],
                Incarnation = 12,
                Error = "UNAVAILABLE",
            },
            new(2, EventKind.Invoke, Function.EndTxn) { ProducerId = 55, Epoch = 4, TransactionNumber = 812 },
            new(2, EventKind.Ok, Function.EndTxn) { ProducerId = 55, Epoch = 4, TransactionNumber = 812, Committed = false },
            new(2, EventKind.Invoke, Function.Assign) { Positions = [new PartitionPosition(1, 0), new PartitionPosition(2, PartitionPosition.None)] },
            new(2, EventKind.Ok, Function.Assign),
            new(2, EventKind.Invoke, Function.Send) { Sends = [new SentRecord(3, 72)] },
            new(2, EventKind.Fail, Function.Send),
            new(2, EventKind.Invoke, Function.Send) { Sends = [new SentRecord(3, 72)], IsRetry = true },
            new(2, EventKind.Ok, Function.Send) { Sends = [new SentRecord(3, 72) { Offset = 1 }] },
            new(2, EventKind.Invoke, Function.ListOffsets),
            new(2, EventKind.Ok, Function.ListOffsets) { Ends = [new PartitionEnds(3, 5, 43)] },
        ];
        var lines = new MemoryStream();
        using (var writer = new HistoryWriter(lines, new HistoryHeader { Seed = 4711, Names = new Dictionary<int, string> { [3] = "orders/3" } }, new ScriptTime()))
        {
            Array.ForEach(written, writer.Write);
        }

        string[] text = Encoding.UTF8.GetString(lines.ToArray()).TrimEnd('\n').Split('\n');
        var parser = new EventParser();
        HistoryEvent[] read = [.. text[1..].Select(line => parser.Parse(Encoding.UTF8.GetBytes(line)))];
        for (int at = 0; at < written.Length; at++)
        {
            // Records compare arrays by reference: as text they are compared by content.
            Assert.Equal(text[at + 1], AsLine(read[at]));
            Assert.Equal(AsLine(written[at] with { Index = at }), AsLine(read[at]));
        }

        History history = HistoryReader.Read(new MemoryStream(lines.ToArray()));
        Assert.Equal(4711, history.Header.Seed);
        Assert.Equal("orders/3", history.NameOf(3));
        Assert.Equal("partition 4", history.NameOf(4));
        Assert.Equal(7, history.Operations.Length);
        Operation transaction = history.Operations[1];
        Assert.Equal((2, 3, Operation.Never), (transaction.InvokedAt, transaction.EndedAt, transaction.CompletedAt));
        Assert.Equal((EventKind.Info, 812), (transaction.Outcome, transaction.TransactionNumber));
        Assert.Equal([70, 71], transaction.Sends.Select(sent => sent.Value));
    }

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_said_with_its_line(string lines, string message)
    {
        HistoryException refused = Assert.Throws<HistoryException>(() => new Facts(Read(lines)));
        Assert.StartsWith(message, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_example_in_the_docs_is_a_history()
    {
        History history = Read(Docs.Split("```\n")[1]);
        Assert.Equal("orders/0", history.NameOf(1));
        Assert.Equal([918, 919, 920], history.Operations.SelectMany(operation => operation.Sends).Select(sent => sent.Offset));
    }

    [Fact]
    public void Every_field_and_call_has_a_row_in_the_docs()
    {
        Assert.All(EventParser.Fields, field => Assert.Matches($@"\n\|( `\w+`,)* `{field}`(, `\w+`)* \|", Docs));
        Assert.All(Enum.GetValues<Function>().Select(Names.Of), function => Assert.Contains($"\n| `{function}` |", Docs, StringComparison.Ordinal));
    }

    [Fact]
    public void A_history_that_is_cut_anywhere_is_read_up_to_its_last_whole_line()
    {
        string lines = Lines(Header, Invoke, Ok);
        for (int length = 0; length < lines.Length; length++)
        {
            History history = Read(lines[..length]);
            bool endsWithLine = length == 0 || lines[length - 1] == '\n' || lines[length] == '\n';
            Assert.True(history.IsTorn != endsWithLine, $"{length} characters");
            Assert.Equal(lines[..length].Contains(Invoke, StringComparison.Ordinal) ? 1 : 0, history.Operations.Length);
        }
    }

    [Fact]
    public void A_call_without_an_end_is_in_doubt()
    {
        Operation open = Assert.Single(Read(Lines(Header, Invoke)).Operations);
        Assert.Equal((EventKind.Info, Operation.Never), (open.Outcome, open.EndedAt));
    }

    [Fact]
    public void Lines_longer_than_the_buffer_are_read_whole()
    {
        string records = string.Join(',', Enumerable.Range(0, 300_000).Select(at => $"[{at},{at}]"));
        string poll = "{\"i\":0,\"t\":1,\"p\":5,\"k\":\"invoke\",\"f\":\"poll\",\"ops\":[[\"poll\"]]}";
        string polled = $"{{\"i\":1,\"t\":1,\"p\":5,\"k\":\"ok\",\"f\":\"poll\",\"ops\":[[\"poll\",{{\"3\":[{records}]}}]]}}";
        Assert.Equal(300_000, Read(Lines(Header, poll, polled)).Operations[0].Polls.Length);
    }

    [Fact]
    public async Task Many_threads_may_write()
    {
        var lines = new MemoryStream();
        using var writer = new HistoryWriter(lines, new HistoryHeader(), TimeProvider.System);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(process => Task.Run(() =>
        {
            for (int at = 0; at < 500; at++)
            {
                writer.Write(new HistoryEvent(process, EventKind.Invoke, Function.Poll));
                writer.Write(new HistoryEvent(process, EventKind.Ok, Function.Poll));
            }
        })));
        writer.Flush();
        History history = HistoryReader.Read(new MemoryStream(lines.ToArray()));
        Assert.Equal(4000, history.Operations.Count(operation => operation.IsOk));
    }

    private static string Lines(params string[] lines) => string.Concat(lines.Select(line => line + "\n"));

    private static History Read(string lines) => HistoryReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(lines)));

    private static string AsLine(HistoryEvent each)
    {
        using var buffer = new MemoryStream();
        using (var json = new System.Text.Json.Utf8JsonWriter(buffer))
        {
            EventFormat.Write(json, each, each.Index, each.TimeNs);
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }
}
