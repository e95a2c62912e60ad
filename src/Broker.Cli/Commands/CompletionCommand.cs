using System.CommandLine;
using Broker.Cli.Terminal;

namespace Broker.Cli.Commands;

/// <summary>
/// Prints a script that makes the shell ask this program what may follow: the one that is being typed, which need not be
/// on the PATH.
/// </summary>
internal static class CompletionCommand
{
    private const string Bash = """
        _broker_completions() {
            local IFS=$'\n' words
            words=$("${COMP_WORDS[0]/#\~/$HOME}" "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)
            COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
        }
        complete -o default -F _broker_completions broker
        """;

    private const string Zsh = """
        #compdef broker
        _broker() {
            local -a words_found
            words_found=("${(@f)$(${~words[1]} "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
            if [[ -n "${words_found[1]}" ]]; then
                compadd -a words_found
            else
                _files
            fi
        }
        compdef _broker broker
        """;

    private const string Fish = """
        function __broker_completions
            set -l typed (commandline -opc)
            $typed[1] "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null
        end
        complete -c broker -a '(__broker_completions)'
        """;

    public static Command Build(CliHost host, Dictionary<Command, string[]> examples)
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish" };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command("completion", "Print a completion script for a shell") { shell };
        examples[command] =
        [
            "source <(broker completion bash)       # put it in ~/.bashrc",
            "source <(broker completion zsh)        # put it in ~/.zshrc, after compinit",
            "broker completion fish | source        # put it in ~/.config/fish/config.fish",
        ];
        command.SetAction(parsed => host.Text.WriteLine(parsed.GetRequiredValue(shell) switch
        {
            "bash" => Bash,
            "zsh" => Zsh,
            _ => Fish,
        }));
        return command;
    }
}
