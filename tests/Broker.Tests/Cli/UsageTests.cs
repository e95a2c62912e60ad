using System.CommandLine;
using Broker.Cli.Commands;
using Broker.Cli.Terminal;

namespace Broker.Tests.Cli;

public sealed class UsageTests
{
    public static TheoryData<string> AllCommands()
    {
        var host = new CliHost { In = Stream.Null, Out = Stream.Null, Error = TextWriter.Null };
        var paths = new TheoryData<string> { "" };
        Add(BrokerCommand.Build(host), "");
        return paths;

        void Add(Command command, string path)
        {
            foreach (Command sub in command.Subcommands)
            {
                string subPath = $"{path} {sub.Name}".Trim();
                paths.Add(subPath);
                Add(sub, subPath);
            }
        }
    }

    [Theory]
    [MemberData(nameof(AllCommands))]
    public async Task Every_command_has_help_with_an_example(string path)
    {
        string[] words = path.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        CliSession session = await new CliSession().SucceedAsync([.. words, "--help"]);
        Assert.Contains($"Usage:\n  {RootCommand.ExecutableName} {path}".TrimEnd(), session.Output.ReplaceLineEndings("\n"), StringComparison.Ordinal);
        Assert.Matches("Examples?:\\s+\\S*.*broker", session.Output.ReplaceLineEndings(" "));
    }

    [Theory]
    [InlineData("", "demo")]
    [InlineData("topic", "add-partitions")]
    [InlineData("log", "verify")]
    public async Task A_group_without_a_command_shows_what_it_can_do(string group, string expected)
    {
        CliSession session = await new CliSession().SucceedAsync(group.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Contains(expected, session.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("topc list", "there is no command 'topc'; did you mean 'topic'? (see broker --help)")]
    [InlineData("topic creat orders", "did you mean 'create'? (see broker topic --help)")]
    [InlineData("frobnicate", "there is no command 'frobnicate' (see broker --help)")]
    [InlineData("topic create", "'TOPIC' missing")]
    [InlineData("topic create a b", "'b'")]
    [InlineData("topic create a --partitions none", "--partitions is a whole number from 1, not 'none'")]
    [InlineData("topic create a --partitions 0", "--partitions is a whole number from 1, not '0'")]
    [InlineData("topic create a --config retention", "'retention' is not of the form name=value")]
    [InlineData("topic create a --config x=1 --config x=2", "'x' is given twice")]
    [InlineData("topic alter a", "nothing to change")]
    [InlineData("topic trim a --yes", "'--before' is required")]
    [InlineData("topic trim a --before never --yes", "not 'never'")]
    [InlineData("produce a --tz Europe/Berlin", "need --timestamp-field")]
    [InlineData("produce a --timestamp-field t --tz Europe/Atlantis", "no time zone 'Europe/Atlantis'")]
    [InlineData("produce a --compression gzip", "--compression is none or lz4 or zstd, not 'gzip'")]
    [InlineData("produce a --acks all", "--acks is durable or os, not 'all'")]
    [InlineData("consume a --from yesterday", "--from is earliest, latest, an offset, a time")]
    [InlineData("consume a --from -5", "--from is earliest")]
    [InlineData("consume a --partition -1", "--partition is a whole number from 0, not '-1'")]
    [InlineData("consume a --count 0", "--count is a whole number from 1, not '0'")]
    [InlineData("consume a -o xml", "--output is value or json, not 'xml'")]
    [InlineData("consume a --bogus", "'--bogus'")]
    [InlineData("status --server one:two:three", "--server is HOST:PORT or a URL, not 'one:two:three'")]
    [InlineData("log dump x --journal --topic t", "--journal goes with neither")]
    [InlineData("completion tcsh", "'tcsh'")]
    [InlineData("serve --data_dri=x", "did you mean 'data_dir'?")]
    [InlineData("serve --journal.file_bytes=tiny", "journal.file_bytes")]
    [InlineData("serve here", "'here'")]
    public async Task A_wrong_command_line_is_one_line_and_exit_code_2(string line, string expected)
    {
        await new CliSession().FailAsync(exitCode: 2, line.Split(' '), expected);
    }

    [Fact]
    public async Task Errors_are_coloured_on_a_terminal_unless_no_color_is_set()
    {
        var coloured = new CliSession { IsTerminal = true };
        await coloured.RunAsync("frobnicate");
        Assert.Contains("\u001b[31m", coloured.Error, StringComparison.Ordinal);

        var plain = new CliSession { IsTerminal = true, Variables = { ["NO_COLOR"] = "1" } };
        await plain.RunAsync("frobnicate");
        Assert.DoesNotContain('\u001b', plain.Error);

        var redirected = new CliSession();
        await redirected.RunAsync("frobnicate");
        Assert.DoesNotContain('\u001b', redirected.Error);
    }

    [Theory]
    [InlineData("bash", "complete -o default -F _broker_completions broker")]
    [InlineData("zsh", "compdef _broker broker")]
    [InlineData("fish", "complete -c broker")]
    [InlineData("bash", "$(\"${COMP_WORDS[0]/#\\~/$HOME}\" \"[suggest:")]
    [InlineData("zsh", "$(${~words[1]} \"[suggest:")]
    [InlineData("fish", "$typed[1] \"[suggest:")]
    public async Task A_shell_gets_its_completion_script(string shell, string expected)
    {
        CliSession session = await new CliSession().SucceedAsync("completion", shell);
        Assert.Contains(expected, session.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("broker to", "topic")]
    [InlineData("./broker to", "topic")]
    [InlineData("broker topic add", "add-partitions")]
    [InlineData("broker consume t --ex", "--exit-at-end")]
    [InlineData("broker produce t --acks ", "durable")]
    public async Task The_shell_is_told_what_may_follow(string line, string expected)
    {
        CliSession session = await new CliSession().SucceedAsync($"[suggest:{line.Length}]", line);
        Assert.Contains(expected, session.Lines);
    }
}
