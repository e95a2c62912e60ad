using Broker.EndToEnd.Harness;
using Findings = Broker.EndToEnd.Faults.Findings;

namespace Broker.EndToEnd.ExactlyOnce;

/// <summary>One fleet after the other, each judged when it has ended.</summary>
/// <param name="server">What the clients connect to in place of the broker.</param>
internal sealed class ExactlyOnceSections(BrokerProcess broker, string server, long seed, Action<string> print) : IAsyncDisposable
{
    private readonly TemporaryDirectory _histories = new();
    private ExactlyOnceFleet? _current;
    private int _begun;

    /// <summary>The one that works.</summary>
    public ExactlyOnceFleet Current => _current ?? throw new InvalidOperationException("No section has begun.");

    /// <summary>What all that have ended came to.</summary>
    public ExactlyOnceReport Report { get; private set; } = ExactlyOnceReport.None;

    /// <summary>Ends the one before, if there is one, and begins the next.</summary>
    public async Task BeginAsync(Findings findings)
    {
        await EndAsync(findings);
        int section = _begun++;
        _current = await ExactlyOnceFleet.StartAsync(broker, server, seed, section, Path.Combine(_histories.Path, $"section-{section}"));
    }

    /// <summary>Has what was done so far judged; the histories of what is bad are kept.</summary>
    public async Task EndAsync(Findings findings)
    {
        if (_current is not { } ending)
        {
            return;
        }

        _current = null;
        await using (ending)
        {
            var judged = new Findings();
            ExactlyOnceReport report = await ending.StopAndJudgeAsync(judged);
            Report = Report.And(report);
            print($"exactly once: {report}: {(judged.Any ? "BAD" : "good")}");
            findings.AddAll(judged);
            _histories.IsKept |= judged.Any;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_current is { } current)
        {
            await current.DisposeAsync();
        }

        _histories.Dispose();
    }
}
