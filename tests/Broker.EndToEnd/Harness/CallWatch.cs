using System.Text;
using System.Text.RegularExpressions;

namespace Broker.EndToEnd.Harness;

/// <summary>
/// Follows the calls of a program by which it changes names or lengths of files, or has them written to the disk, and kills it just
/// before a certain one. strace's own counting is of no use for that: it counts for each thread and each call apart.
/// </summary>
/// <remarks>Every such call is held back a little, and written to a pipe before; whoever reads the pipe has that long to kill.</remarks>
internal sealed partial class CallWatch : IDisposable
{
    private const string Calls =
        "fsync,fdatasync,syncfs,?rename,?renameat,renameat2,ftruncate,fallocate,?unlink,unlinkat,?rmdir,?mkdir,mkdirat";

    private static readonly TimeSpan Hold = TimeSpan.FromMilliseconds(10);

    private readonly TemporaryDirectory _directory = new();
    private readonly string _pipe;
    private readonly string _below;
    private readonly int _killBefore;
    private readonly Action _kill;
    private readonly Task _reading;

    /// <param name="below">Counted are calls on files below this directory.</param>
    /// <param name="killBefore">The number of the call that is not to be made, from 1; 0: all are made.</param>
    public CallWatch(string below, int killBefore, Action kill)
    {
        (_below, _killBefore, _kill) = (below, killBefore, kill);
        _pipe = Path.Combine(_directory.Path, "calls");
        SystemCommand.Run("mkfifo", _pipe);
        _reading = Task.Factory.StartNew(Follow, TaskCreationOptions.LongRunning);
    }

    /// <summary>What stands before the program's command line.</summary>
    public IReadOnlyList<string> LaunchedBy => Strace.Line(_pipe, Calls, $"delay_enter={(long)Hold.TotalMicroseconds}");

    /// <summary>The calls that were begun, in order, each with the file it is about, relative to the directory.</summary>
    public List<string> Seen { get; } = [];

    /// <summary>The call that was not made; null when none was reached.</summary>
    public string? Killed { get; private set; }

    /// <summary>Returns when the program has ended and all that it called was counted.</summary>
    public Task EndedAsync() => _reading;

    public void Dispose()
    {
        if (_reading.IsCompleted)
        {
            _directory.Dispose();
        }
    }

    // 1234 fdatasync(12</data/journal/00000000000000000001.journal>
    [GeneratedRegex(@"^\d+ +(?<call>\w+)\([^\n]*?[<""](?<path>/[^\n>""]*)[>""]", RegexOptions.Multiline)]
    private static partial Regex Begun();

    private void Follow()
    {
        using FileStream pipe = File.OpenRead(_pipe);
        byte[] buffer = new byte[1 << 16];
        string text = "";
        int read;
        while ((read = pipe.Read(buffer)) > 0)
        {
            text += Encoding.UTF8.GetString(buffer, 0, read);
            Match match;
            while ((match = Begun().Match(text)).Success)
            {
                text = text[(match.Index + match.Length)..];
                string path = match.Groups["path"].Value;
                if (!path.StartsWith(_below, StringComparison.Ordinal) || Killed is not null)
                {
                    continue;
                }

                string seen = $"{match.Groups["call"].Value} {Path.GetRelativePath(_below, path)}";
                Seen.Add(seen);
                if (Seen.Count == _killBefore)
                {
                    _kill();
                    Killed = seen;
                }
            }

            // What stands before the last line is over; a line may have arrived in part.
            text = text[(text.LastIndexOf('\n') + 1)..];
        }
    }
}
