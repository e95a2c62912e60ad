using System.Text.Json;
using Broker.Checker.Reports;
using CheckerProgram = Broker.Checker.Program;

namespace Broker.Tests.Checker;

/// <summary>The command: exit codes, what people read, what programs read.</summary>
public sealed class CommandTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("checker-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_good_history_ends_with_0()
    {
        (int code, string output, string error) = Run(File(Good));
        Assert.Equal((CheckerProgram.Good, ""), (code, error));
        Assert.EndsWith("  good\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_bad_one_ends_with_1_and_shows_the_records_around_the_place()
    {
        (int code, string output, _) = Run(File(Bad));
        Assert.Equal(CheckerProgram.Bad, code);
        Assert.Contains("\n  ANOMALY       COUNT  VERDICT    WHAT\n  lost-write        1  forbidden  a committed record", output, StringComparison.Ordinal);
        Assert.Contains("\n  lost-write: value 12 was acked at a/0 offset 1", output, StringComparison.Ordinal);
        Assert.Contains("\n      offset 1: value 12, sent by 2, acked\n", output, StringComparison.Ordinal);
        Assert.Contains("\n      2: send of process 1, ok at 3; sent a/0[1]=12\n", output, StringComparison.Ordinal);
        Assert.EndsWith("  bad\n", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_read_is_nothing_shown()
    {
        string empty = File(_ => { });
        System.IO.File.WriteAllBytes(empty + "0", []);
        foreach (string path in new[] { empty, empty + "0", File(script => script.Send(1, HistoryScript.Sent(0, 11, 0))), File(script => script.Poll(1, 0)) })
        {
            (int code, string output, _) = Run(path);
            Assert.Equal(CheckerProgram.Bad, code);
            Assert.EndsWith("  showed nothing\n", output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void What_is_no_history_ends_with_2_and_says_where()
    {
        string path = Path.Combine(_directory.FullName, "none");
        System.IO.File.WriteAllText(path, "{\"history\":1}\nhello\n");
        (int code, _, string error) = Run(path);
        Assert.Equal(CheckerProgram.Unreadable, code);
        Assert.StartsWith($"{path}, line 2: ", error, StringComparison.Ordinal);
        Assert.Equal(CheckerProgram.Unreadable, Run(path + "missing").Code);
        Assert.Equal(CheckerProgram.Unreadable, Run().Code);
        Assert.Equal(CheckerProgram.Unreadable, Run(File(Good), "--policy", "everything").Code);
    }

    [Fact]
    public void One_bad_history_among_good_ones_is_enough() =>
        Assert.Equal(CheckerProgram.Bad, Run(File(Good), File(Bad), File(Good)).Code);

    [Fact]
    public void A_partition_that_was_not_read_to_its_end_counts_when_it_is_asked_for()
    {
        string path = File(Good);
        Assert.Equal(CheckerProgram.Good, Run(path).Code);
        (int code, string output, _) = Run(path, "--policy", Policy.Undrained);
        Assert.Equal(CheckerProgram.Bad, code);
        Assert.EndsWith("  not drained\n", output, StringComparison.Ordinal);

        string drained = File(script =>
        {
            Good(script);
            script.Ends(8, (0, 1));
            script.ReadAll(8, (0, [(0, 11)]));
        });
        Assert.Equal(CheckerProgram.Good, Run(drained, "--policy", Policy.Undrained).Code);
    }

    [Theory]
    [InlineData("G-single")]
    [InlineData("G2")]
    public void Cycles_with_rw_are_reported_and_forbidden_only_when_it_is_asked_for(string anomaly)
    {
        string path = File(Cases.CycleCases.All.First(each => each.Anomaly == anomaly).Bad);
        (int code, string output, _) = Run(path);
        Assert.Equal(CheckerProgram.Good, code);
        Assert.Matches($@"\n  {anomaly} +1  reported ", output);
        Assert.Equal(CheckerProgram.Bad, Run(path, "--policy", "G-single", "--policy", "G2").Code);
    }

    [Fact]
    public void Programs_get_one_document_for_all_histories()
    {
        (int code, string output, _) = Run(File(Good), File(Bad), "-o", "json");
        Assert.Equal(CheckerProgram.Bad, code);
        using JsonDocument document = JsonDocument.Parse(output);
        JsonElement good = document.RootElement[0];
        JsonElement bad = document.RootElement[1];
        Assert.True(good.GetProperty("good").GetBoolean());
        Assert.Equal(0, good.GetProperty("anomalies").GetArrayLength());
        Assert.Equal("bad", bad.GetProperty("verdict").GetString());
        Assert.Equal(3, bad.GetProperty("figures").GetProperty("records_sent").GetInt32());
        JsonElement lost = bad.GetProperty("anomalies")[0];
        Assert.Equal("lost-write", lost.GetProperty("name").GetString());
        JsonElement example = lost.GetProperty("examples")[0];
        Assert.Equal(("a/0", 1), (example.GetProperty("partition").GetString(), example.GetProperty("offset").GetInt32()));
        Assert.Equal([0, 1, 2], example.GetProperty("log").EnumerateArray().Select(entry => entry.GetProperty("offset").GetInt32()));
        Assert.Equal("send", example.GetProperty("operations")[0].GetProperty("f").GetString());
    }

    [Fact]
    public void Help_names_what_there_is()
    {
        (int code, string output, _) = Run("--help");
        Assert.Equal(0, code);
        Assert.Contains("tests/checker <HISTORY>... [options]", output, StringComparison.Ordinal);
        Assert.Contains("--policy <G-single|G2|undrained>", output, StringComparison.Ordinal);
    }

    private static void Good(HistoryScript script)
    {
        script.Send(1, HistoryScript.Sent(0, 11, 0));
        script.ReadAll(2, (0, [(0, 11)]));
    }

    private static void Bad(HistoryScript script)
    {
        script.Send(1, HistoryScript.Sent(0, 11, 0));
        script.Send(1, HistoryScript.Sent(0, 12, 1));
        script.Send(1, HistoryScript.Sent(0, 13, 2));
        script.ReadAll(2, (0, [(0, 11), (2, 13)]));
    }

    private static (int Code, string Output, string Error) Run(params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        int code = CheckerProgram.Run(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private string File(Action<HistoryScript> write)
    {
        using var script = new HistoryScript();
        write(script);
        string path = Path.Combine(_directory.FullName, $"{_directory.GetFiles().Length}.jsonl");
        System.IO.File.WriteAllBytes(path, script.Lines);
        return path;
    }
}
