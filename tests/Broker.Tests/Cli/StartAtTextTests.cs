using Broker.Cli.Input;
using Broker.Client;

namespace Broker.Tests.Cli;

public sealed class StartAtTextTests
{
    [Fact]
    public void A_place_is_an_end_an_offset_or_a_time()
    {
        Assert.Equal(StartAt.Earliest, Parse("earliest"));
        Assert.Equal(StartAt.Latest, Parse("latest"));
        Assert.Equal(StartAt.Offset(0), Parse("0"));
        Assert.Equal(StartAt.Offset(1517365101235), Parse("1517365101235"));
        Assert.Equal(StartAt.Timestamp(DateTimeOffset.FromUnixTimeMilliseconds(1517365101235)), Parse("@1517365101235"));
        Assert.Equal(StartAt.Timestamp(new DateTimeOffset(2001, 2, 1, 0, 0, 0, TimeSpan.Zero)), Parse("2001-02-01"));
        Assert.Equal(StartAt.Timestamp(new DateTimeOffset(2001, 2, 1, 0, 0, 0, TimeSpan.FromHours(1))), Parse("2001-02-01T00:00:00+01:00"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("Earliest")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("1.5")]
    [InlineData("@")]
    [InlineData("@now")]
    [InlineData("99999999999999999999")]
    public void Anything_else_is_no_place(string text) => Assert.False(StartAtText.TryParse(text, out _));

    private static StartAt Parse(string text)
    {
        Assert.True(StartAtText.TryParse(text, out StartAt start), text);
        return start;
    }
}
