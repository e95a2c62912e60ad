using Broker.Cli.Output;

namespace Broker.Tests.Cli;

public sealed class HumanTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1.0 kB")]
    [InlineData(99_400, "99.4 kB")]
    [InlineData(999_499, "999 kB")]
    [InlineData(999_500, "1.0 MB")]
    [InlineData(1_784_866, "1.8 MB")]
    [InlineData(10_737_418_240, "10.7 GB")]
    public void Bytes_keep_three_digits(double bytes, string expected) => Assert.Equal(expected, Human.Bytes(bytes));

    [Fact]
    public void One_is_singular()
    {
        Assert.Equal("1 batch", Human.Count(1, "batch", "batches"));
        Assert.Equal("1,000 batches", Human.Count(1000, "batch", "batches"));
    }

    [Theory]
    [InlineData(20_000, 0.42, "47,600")]
    [InlineData(3_000_000, 2.5, "1,200,000")]
    [InlineData(7, 2, "4")]
    [InlineData(0, 1, "0")]
    [InlineData(5, 0, "5,000")]
    public void Rates_keep_three_digits(long count, double seconds, string expected) =>
        Assert.Equal(expected, Human.PerSecond(count, TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0, "1970-01-01T00:00:00Z")]
    [InlineData(978310020000, "2001-01-01T00:47:00Z")]
    [InlineData(1517365101235, "2018-01-31T02:18:21.235Z")]
    [InlineData(long.MaxValue, "9223372036854775807")]
    public void Timestamps_are_utc(long milliseconds, string expected) => Assert.Equal(expected, Human.Timestamp(milliseconds));

    [Theory]
    [InlineData(0, "now")]
    [InlineData(-5, "5 s ago")]
    [InlineData(-125, "2 min ago")]
    [InlineData(604_790, "in 6 d")]
    public void Moments_are_told_from_now(double seconds, string expected)
    {
        DateTimeOffset now = DateTimeOffset.UnixEpoch;
        Assert.Equal(expected, Human.Relative(now.AddSeconds(seconds), now));
    }

    [Fact]
    public void A_message_of_several_lines_becomes_one() =>
        Assert.Equal("a b c", ErrorLine.OneLine("a\r\n\tb\u001b c\n"));
}
