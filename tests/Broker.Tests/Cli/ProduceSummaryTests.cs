using Broker.Cli.Produce;

namespace Broker.Tests.Cli;

public sealed class ProduceSummaryTests
{
    [Theory]
    [InlineData(20_000, 0, 0.5, "20,000 records, 1.0 kB in 500 ms: 40,000 records/s, 2.0 kB/s, acknowledged as durable")]
    [InlineData(20_000, 0, 0.05, "20,000 records, 1.0 kB in 50 ms, acknowledged as durable")]
    [InlineData(99, 1, 2, "99 records, 1.0 kB in 2.0 s, acknowledged as durable; 1 blank line skipped")]
    [InlineData(0, 0, 2, "nothing to send")]
    [InlineData(0, 3, 2, "nothing to send; 3 blank lines skipped")]
    public void Rates_are_told_of_what_has_some(long recordCount, long blankLineCount, double seconds, string expected)
    {
        var summary = new ProduceSummary("t", recordCount, 1000, blankLineCount, TimeSpan.FromSeconds(seconds), "durable");
        Assert.Equal(expected, summary.ToString());
    }
}
