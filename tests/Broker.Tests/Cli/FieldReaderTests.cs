using System.Text;
using Broker.Cli.Input;

namespace Broker.Tests.Cli;

public sealed class FieldReaderTests
{
    [Theory]
    [InlineData("""{"origin":"DTW","x":1}""", "DTW")]
    [InlineData("""{"x":{"origin":"inner"},"origin":"outer"}""", "outer")]
    [InlineData("""{"origin":"Z\u00fcrich \"1\""}""", "Zürich \"1\"")]
    [InlineData("""{"origin":""}""", "")]
    [InlineData("""{"origin":12.50}""", "12.50")]
    [InlineData("""{"origin":true}""", "true")]
    [InlineData("""{"origin":"first","origin":"second"}""", "first")]
    [InlineData("\uFEFF{\"origin\":\"after a byte order mark\"}", "after a byte order mark")]
    public void A_key_is_the_text_of_its_field(string line, string expected)
    {
        FieldReader reader = new("origin", null, new TimestampParser(null, null));
        Assert.Null(reader.TryRead(Encoding.UTF8.GetBytes(line)));
        Assert.Equal(expected, Encoding.UTF8.GetString(reader.Key!.Value.Span));
        Assert.Null(reader.TimestampMs);
    }

    [Theory]
    [InlineData("""{"x":1}""", "has no field 'origin'")]
    [InlineData("""{"origin":null}""", "has null in its key field 'origin'")]
    [InlineData("""{"origin":{"a":1}}""", "has an object in its key field 'origin'")]
    [InlineData("""{"origin":[1]}""", "has an array in its key field 'origin'")]
    [InlineData("""["origin"]""", "is not a JSON object")]
    [InlineData("""plain text""", "is not valid JSON")]
    [InlineData("""{"origin":"DTW""", "is not valid JSON")]
    [InlineData("""{"x":1""", "is not valid JSON")]
    public void A_line_without_a_usable_key_is_named(string line, string expected)
    {
        FieldReader reader = new("origin", null, new TimestampParser(null, null));
        Assert.Equal(expected, reader.TryRead(Encoding.UTF8.GetBytes(line)));
    }

    [Fact]
    public void Bytes_that_are_not_utf8_in_the_key_are_refused()
    {
        FieldReader reader = new("origin", null, new TimestampParser(null, null));
        Assert.Equal("is not valid JSON", reader.TryRead([.. "{\"origin\":\""u8, 0xC3, 0x28, .. "\"}"u8]));
    }

    [Fact]
    public void Without_a_key_field_the_key_is_null_and_not_empty()
    {
        FieldReader reader = new(null, "time", new TimestampParser(null, null));
        Assert.Null(reader.TryRead("""{"time":1}"""u8));
        Assert.False(reader.Key.HasValue);
    }

    [Fact]
    public void Key_and_timestamp_may_be_the_same_field_and_stand_in_any_order()
    {
        FieldReader same = new("time", "time", new TimestampParser(null, null));
        Assert.Null(same.TryRead("""{"time":1517365101235}"""u8));
        Assert.Equal("1517365101235", Encoding.UTF8.GetString(same.Key!.Value.Span));
        Assert.Equal(1517365101235, same.TimestampMs);

        FieldReader both = new("origin", "date", new TimestampParser("yyyy/MM/dd HH:mm", null));
        Assert.Null(both.TryRead("""{"date":"2001/01/01 00:47","delay":66,"origin":"DTW"}"""u8));
        Assert.Equal(978310020000, both.TimestampMs);
        Assert.Null(both.TryRead("""{"origin":"LAS","date":"2001/01/01 00:48"}"""u8));
        Assert.Equal(978310080000, both.TimestampMs);
        Assert.Equal("LAS", Encoding.UTF8.GetString(both.Key!.Value.Span));
    }

    [Theory]
    [InlineData("""{"date":"soon"}""", "has 'soon' in its timestamp field 'date', which is not a timestamp")]
    [InlineData("""{"date":false}""", "has a boolean in its timestamp field 'date'")]
    [InlineData("""{"dates":1}""", "has no field 'date'")]
    public void A_line_without_a_usable_timestamp_is_named(string line, string expected)
    {
        FieldReader reader = new(null, "date", new TimestampParser(null, null));
        Assert.StartsWith(expected, reader.TryRead(Encoding.UTF8.GetBytes(line)));
    }

    [Fact]
    public void A_timestamp_of_absurd_length_is_refused_without_reading_it()
    {
        FieldReader reader = new(null, "date", new TimestampParser(null, null));
        string line = $$"""{"date":"{{new string('9', 5000)}}"}""";
        Assert.Equal("has a timestamp field 'date' of 5000 characters", reader.TryRead(Encoding.UTF8.GetBytes(line)));
    }
}
