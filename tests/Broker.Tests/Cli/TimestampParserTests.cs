using Broker.Cli.Input;

namespace Broker.Tests.Cli;

public sealed class TimestampParserTests
{
    private static readonly TimeZoneInfo NewYork = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");

    [Theory]
    [InlineData("2001-02-01", "2001-02-01T00:00:00.0000000+00:00")]
    [InlineData("2001-02-01T13:30", "2001-02-01T13:30:00.0000000+00:00")]
    [InlineData("2001-02-01 13:30:05", "2001-02-01T13:30:05.0000000+00:00")]
    [InlineData("2001-02-01T13:30:05.25Z", "2001-02-01T13:30:05.2500000+00:00")]
    [InlineData("2001-02-01T13:30:05+05:30", "2001-02-01T08:00:05.0000000+00:00")]
    [InlineData("1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.9990000+00:00")]
    public void Iso_text_is_utc_unless_it_names_an_offset(string text, string expected)
    {
        Assert.Equal(DateTimeOffset.Parse(expected).ToUnixTimeMilliseconds(), Parse(new TimestampParser(null, null), text));
    }

    [Theory]
    [InlineData("02/01/2001")]
    [InlineData("2001-13-01")]
    [InlineData("13:30")]
    [InlineData("tomorrow")]
    [InlineData("")]
    [InlineData("2001-02-01T13:30:05Z trailing")]
    public void Text_that_would_have_to_be_guessed_at_is_refused(string text)
    {
        Assert.Contains("ISO 8601", new TimestampParser(null, null).TryParse(text, isNumber: false, out _));
    }

    [Theory]
    [InlineData("1517365101235", 1517365101235)]
    [InlineData("1517365101235.9", 1517365101235)]
    [InlineData("1.5e12", 1500000000000)]
    [InlineData("-1", -1)]
    [InlineData("-0.5", -1)]
    [InlineData("0", 0)]
    public void Numbers_are_milliseconds_since_1970_rounded_down(string text, long expected)
    {
        Assert.Null(new TimestampParser(null, null).TryParse(text, isNumber: true, out long milliseconds));
        Assert.Equal(expected, milliseconds);
    }

    [Theory]
    [InlineData("99999999999999999999")]
    [InlineData("253402300800000")]
    [InlineData("1e400")]
    public void Numbers_beyond_the_calendar_are_refused(string text)
    {
        Assert.NotNull(new TimestampParser(null, null).TryParse(text, isNumber: true, out _));
    }

    [Fact]
    public void A_format_is_exact_and_utc_by_default()
    {
        var parser = new TimestampParser("yyyy/MM/dd HH:mm", null);
        Assert.Equal(new DateTimeOffset(2001, 1, 1, 0, 47, 0, TimeSpan.Zero).ToUnixTimeMilliseconds(), Parse(parser, "2001/01/01 00:47"));
        Assert.Contains("yyyy/MM/dd HH:mm", parser.TryParse("2001-01-01 00:47", isNumber: false, out _));
        Assert.NotNull(parser.TryParse("2001/01/01 00:47 ", isNumber: false, out _));
    }

    [Fact]
    public void A_zone_holds_for_texts_that_name_no_offset()
    {
        var withFormat = new TimestampParser("yyyy/MM/dd HH:mm", NewYork);
        var iso = new TimestampParser(null, NewYork);
        long winter = new DateTimeOffset(2001, 1, 1, 5, 0, 0, TimeSpan.Zero).ToUnixTimeMilliseconds();
        Assert.Equal(winter, Parse(withFormat, "2001/01/01 00:00"));
        Assert.Equal(winter, Parse(iso, "2001-01-01T00:00"));
        Assert.Equal(winter, Parse(iso, "2001-01-01T05:00Z"));
        Assert.Equal(winter, Parse(iso, "2001-01-01T06:00+01:00"));
        Assert.Equal(winter, Parse(new TimestampParser("yyyy/MM/dd HH:mm zzz", NewYork), "2001/01/01 06:00 +01:00"));
    }

    [Fact]
    public void A_time_that_the_clocks_skipped_is_refused_by_name()
    {
        string? problem = new TimestampParser(null, NewYork).TryParse("2001-04-01T02:30", isNumber: false, out _);
        Assert.Contains("does not exist in America/New_York", problem);
    }

    private static long Parse(TimestampParser parser, string text)
    {
        Assert.Null(parser.TryParse(text, isNumber: false, out long milliseconds));
        return milliseconds;
    }
}
