using System.CommandLine;
using System.Globalization;
using Broker.Checker.Histories;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>The clients that a run starts to kill them. For the run alone, not for people.</summary>
internal static class ClientsCommand
{
    private const string Name = "clients";

    /// <summary>Begins the line by which it says what it has open.</summary>
    public const string Staged = "staged ";

    /// <summary>The names under which it works, life after life.</summary>
    public const string Stager = "killed-stager", Transfer = "killed-transfer", Transform = "killed-transform";

    /// <summary>The partition of orders that is processed here.</summary>
    public const int SourcePartition = 1;

    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(15);

    private static readonly Option<string> Server = new("--server") { Required = true }, History = new("--history") { Required = true };
    private static readonly Option<int> Section = new("--section"), Life = new("--life");
    private static readonly Option<long> Seed = new("--seed");
    private static readonly Option<string?> Left = new("--left");

    /// <param name="history">The file to write.</param>
    /// <param name="life">How many were started before it.</param>
    /// <param name="left">What the one before had open.</param>
    public static string[] Arguments(string server, int section, string history, long seed, int life, string? left) =>
    [
        Name, Server.Name, server, Section.Name, Text(section), History.Name, history, Seed.Name, Text(seed), Life.Name, Text(life),
        .. left is null ? Array.Empty<string>() : [Left.Name, left],
    ];

    /// <summary>What it said that it had open.</summary>
    public static string? StagedIn(string output) =>
        output.Split('\n').LastOrDefault(line => line.StartsWith(Staged, StringComparison.Ordinal))?[Staged.Length..].Trim();

    public static Command Build()
    {
        var command = new Command(Name) { Server, History, Section, Life, Seed, Left };
        command.Hidden = true;
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed, cancellationToken));
        return command;
    }

    private static async Task RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var topics = new HistoryTopics(parsed.GetValue(Section));
        long seed = parsed.GetValue(Seed);
        int life = parsed.GetValue(Life);
        using HistoryWriter history = HistoryWriter.Create(parsed.GetValue(History)!, topics.Header(seed), writesThrough: true);
        var settings = new ClientSettings(parsed.GetValue(Server)!, topics, history, ProcessNumbers.OfProgram(life), seed, new ClientTally());
        TransactionId? left = parsed.GetValue(Left) is { } text ? TransactionId.Parse(text) : null;
        await using var stager = new StagingClient(settings, Stager, left, staged => Console.WriteLine($"{Staged}{staged}"));
        await using var transfer = new TransferClient(settings, Transfer, Pace);
        await using var transform = new TransformClient(settings, Transform, SourcePartition);
        stager.Start();
        transfer.Start();
        transform.Start();
        await Task.Delay(Timeout.Infinite, cancellationToken);
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
